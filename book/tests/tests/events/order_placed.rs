//! What happened, for whoever wants to know.

// ANCHOR: event
use msf_service::prelude::*;
use serde::{Deserialize, Serialize};

/// An order was placed.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema, Event)]
#[event(name = "orders.order-placed")]
pub(crate) struct OrderPlaced {
    #[event(key)]
    pub(crate) order_id: String,
    pub(crate) item: String,
}
// ANCHOR_END: event

// ANCHOR: version
/// An order was placed, of one item or several.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema, Event)]
#[event(name = "orders.order-placed", version = 2)]
pub(crate) struct OrderPlacedV2 {
    #[event(key)]
    pub(crate) order_id: String,
    pub(crate) items: Vec<String>,
}

impl From<OrderPlaced> for OrderPlacedV2 {
    fn from(placed: OrderPlaced) -> Self {
        Self {
            order_id: placed.order_id,
            items: vec![placed.item],
        }
    }
}
// ANCHOR_END: version
