use msf_bus::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "orders.order-placed", crate = "msf_bus")]
struct OrderPlaced {
    #[event(key = "order_id")]
    order_id: String,
}

fn main() {}
