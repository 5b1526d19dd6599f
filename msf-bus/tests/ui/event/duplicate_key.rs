use msf_bus::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "orders.order-placed", name = "orders.placed", crate = "msf_bus")]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
