//! The service that takes orders, and tells of each that it has stored.

// ANCHOR: migrations
use msf_service::bus::outbox::{OUTBOX_SCHEMA, SqliteOutbox};
use msf_service::error::Kind;
use msf_service::prelude::*;
use msf_service::store::Migration;
use msf_service::store::sqlite::{self, Database};

use crate::order_placed::OrderPlaced;

const ORDERS: &str = "CREATE TABLE orders (id TEXT PRIMARY KEY, item TEXT NOT NULL) STRICT";

const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "orders", ORDERS),
    Migration::new(2, "outbox", OUTBOX_SCHEMA),
];
// ANCHOR_END: migrations

// ANCHOR: stage
#[derive(Clone)]
struct Orders {
    database: Database,
    outbox: SqliteOutbox,
}

impl Orders {
    async fn insert(&self, id: String, item: String, outgoing: Outgoing) -> sqlite::Result<()> {
        let outbox = self.outbox.clone();
        self.database
            .write(move |transaction| {
                transaction.execute("INSERT INTO orders VALUES (?1, ?2)", [id, item])?;
                outbox.stage(transaction, outgoing)
            })
            .await
    }
}
// ANCHOR_END: stage

// ANCHOR: place
async fn place(
    State(orders): State<Orders>,
    Path((id, item)): Path<(String, String)>,
) -> Result<&'static str, Error> {
    let outgoing = Outgoing::one(OrderPlaced {
        order_id: id.clone(),
        item: item.clone(),
    });
    match orders.insert(id, item, outgoing).await {
        Ok(()) => Ok("placed"),
        Err(error) if error.is_unique_violation() => {
            let told = "there is an order with this id";
            Err(Error::new(Kind::AlreadyExists, "order.id", told))
        }
        Err(error) => Err(error.into()),
    }
}
// ANCHOR_END: place

// ANCHOR: app
pub(crate) async fn app(boot: Boot<()>) -> msf_service::Result<App> {
    let database = Database::open(boot.data_dir()?.join("orders.db"), MIGRATIONS)?;
    let outbox = SqliteOutbox::new(database.clone(), boot.clock().clone());
    let relay = boot.events()?.relay(outbox.clone());
    let orders = Orders {
        database: database.clone(),
        outbox,
    };
    let rule = Rule::public("whoever has money may order");
    let routes = Routes::new().post("/orders/{id}/{item}", rule, place);
    Ok(App::new()
        .http(routes.with_state(orders))
        .component(relay)
        .component(database.component()))
}
// ANCHOR_END: app
