//! The samples of the guide to events, and that they do what the guide says.

mod audited;
mod billing;
#[expect(
    dead_code,
    reason = "`main` is for the program; the test starts from `host`"
)]
mod host;
mod order_placed;
mod orders;
mod pages;

// ANCHOR: handler
use std::time::SystemTime;

use msf_service::bus::{Delivery, Envelope, Event, EventId, Handle, HandlerError, Receipt};
use msf_service::client::Local;
use msf_service::store::sqlite::{self, Database};
use msf_testing::Start;

use billing::Bills;
use order_placed::{OrderPlaced, OrderPlacedV2};

fn order(item: &str) -> OrderPlaced {
    OrderPlaced {
        order_id: "o-7".to_owned(),
        item: item.to_owned(),
    }
}

fn bills(folder: &tempfile::TempDir) -> Bills {
    let path = folder.path().join("billing.db");
    let database = Database::open(path, billing::MIGRATIONS).expect("a new file");
    Bills { database }
}

async fn billed(bills: &Bills) -> Vec<String> {
    let read: sqlite::Result<_> = bills
        .database
        .read(|connection| {
            let mut statement = connection.prepare("SELECT items FROM bills")?;
            let items = statement.query_map([], |row| row.get(0))?;
            Ok(items.collect::<Result<_, _>>()?)
        })
        .await;
    read.expect("the file can be read")
}

/// The delivery with this id, as a subscription makes it.
fn delivery<E: Event>(event: E, id: EventId) -> Delivery<E> {
    let mut envelope = Envelope::of(&event).expect("it can be written as JSON");
    envelope.id = id;
    let receipt = Receipt::new("billing.bills", id, SystemTime::UNIX_EPOCH);
    Delivery::new(event, envelope, 1, receipt)
}

#[tokio::test]
async fn an_order_that_is_told_twice_is_billed_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let bills = bills(&folder);
    let id = EventId::random();
    for _ in 0..2 {
        let handled = bills.handle(delivery(order("lamp"), id)).await;
        assert!(handled.is_ok(), "{handled:?}");
    }
    assert_eq!(billed(&bills).await, ["lamp"]);
}
#[tokio::test]
async fn an_order_of_nothing_is_a_dead_letter_and_both_versions_are_billed() {
    let folder = tempfile::tempdir().expect("a folder");
    let bills = bills(&folder);
    let refused = bills.handle(delivery(order(""), EventId::random())).await;
    assert!(matches!(refused, Err(HandlerError::Dead(_))), "{refused:?}");
    let second = OrderPlacedV2 {
        order_id: "o-8".to_owned(),
        items: vec!["bed".to_owned(), "lamp".to_owned()],
    };
    let handled = bills.handle(delivery(second, EventId::random())).await;
    assert!(handled.is_ok(), "{handled:?}");
    assert_eq!(billed(&bills).await, ["bed, lamp"]);
}
// ANCHOR_END: handler

// ANCHOR: apps
#[tokio::test]
async fn who_orders_gets_a_bill() -> msf_service::Result<()> {
    let local = Local::new(); // apps that share it share their events
    let start = |name| Start::named(name).local(&local);
    let orders = start("orders").start(orders::app, ()).await?;
    let billing = start("billing").start(billing::app, ()).await?;

    let call = orders.post("/orders/o-7/lamp");
    let answer = call.header("x-correlation-id", "web-7").send().await;
    assert_eq!(answer.status(), 200);

    let line = billing.handled("bills").await;
    assert_eq!(line["event_type"], "orders.order-placed.v1");
    assert_eq!(line["correlation_id"], "web-7");
    assert_eq!(billing.handled("tell").await["event_id"], line["event_id"]);
    Ok(())
}
// ANCHOR_END: apps

#[tokio::test]
async fn an_order_that_is_sent_twice_is_placed_once() -> msf_service::Result<()> {
    let orders = Start::named("orders").start(orders::app, ()).await?;
    assert_eq!(orders.post("/orders/o-7/lamp").send().await.status(), 200);
    let again = orders.post("/orders/o-7/lamp").send().await;
    assert_eq!(again.status(), 409);
    assert_eq!(again.json::<serde_json::Value>()["code"], "order.id");
    Ok(())
}

// ANCHOR: schema
#[test]
fn the_shape_of_an_order_stays() {
    msf_testing::golden_schema::<OrderPlaced>("schemas");
    msf_testing::golden_schema::<OrderPlacedV2>("schemas");
}
// ANCHOR_END: schema
