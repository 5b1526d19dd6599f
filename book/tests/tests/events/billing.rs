//! The service that writes a bill for each order.

// ANCHOR: function
use std::time::Duration;

use msf_service::bus::inbox::{self, INBOX_SCHEMA};
use msf_service::bus::{Handle, HandlerError, Receipt, Retry, Subscription};
use msf_service::prelude::*;
use msf_service::store::Migration;
use msf_service::store::sqlite::{self, Database, Transaction};

use crate::order_placed::{OrderPlaced, OrderPlacedV2};

async fn tell(placed: Delivery<OrderPlaced>) -> Handled {
    tracing::info!(order_id = placed.order_id, "somebody has ordered");
    Ok(())
}
// ANCHOR_END: function

// ANCHOR: inbox
const BILLS: &str = "CREATE TABLE bills (order_id TEXT NOT NULL, items TEXT NOT NULL) STRICT";

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "bills", BILLS),
    Migration::new(2, "inbox", INBOX_SCHEMA),
];

#[derive(Clone)]
pub(crate) struct Bills {
    pub(crate) database: Database,
}

impl Bills {
    async fn write_once(&self, receipt: Receipt, order: OrderPlacedV2) -> sqlite::Result<()> {
        self.database
            .write(move |transaction| {
                inbox::once(transaction, &receipt, |transaction| {
                    insert(transaction, order)
                })?;
                Ok(())
            })
            .await
    }
}

fn insert(transaction: &Transaction<'_>, order: OrderPlacedV2) -> sqlite::Result<()> {
    let OrderPlacedV2 { order_id, items } = order;
    let values = [order_id, items.join(", ")];
    transaction.execute("INSERT INTO bills VALUES (?1, ?2)", values)?;
    Ok(())
}
// ANCHOR_END: inbox

// ANCHOR: handler
impl Handle<OrderPlaced> for Bills {
    async fn handle(&self, placed: Delivery<OrderPlaced>) -> Handled {
        if placed.item.is_empty() {
            return Err(HandlerError::dead("an order of nothing"));
        }
        let receipt = placed.receipt();
        self.write_once(receipt, placed.into_event().into()).await?;
        Ok(())
    }
}
// ANCHOR_END: handler

// ANCHOR: version
impl Handle<OrderPlacedV2> for Bills {
    async fn handle(&self, placed: Delivery<OrderPlacedV2>) -> Handled {
        let receipt = placed.receipt();
        self.write_once(receipt, placed.into_event()).await?;
        Ok(())
    }
}
// ANCHOR_END: version

// ANCHOR: app
pub(crate) async fn app(boot: Boot<()>) -> msf_service::Result<App> {
    let database = Database::open(boot.data_dir()?.join("billing.db"), MIGRATIONS)?;
    let bills = Bills {
        database: database.clone(),
    };
    let billing = Subscription::new("bills")
        .on::<OrderPlaced>(bills.clone())
        .on::<OrderPlacedV2>(bills)
        .ordered()
        .concurrency(4)
        .deadline(Duration::from_secs(5))
        .retry(Retry::after([1, 10, 60].map(Duration::from_secs)));
    Ok(App::new()
        .on("tell", tell)
        .subscribe(billing)
        .component(database.component()))
}
// ANCHOR_END: app
