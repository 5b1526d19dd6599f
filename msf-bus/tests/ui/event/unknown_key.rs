use msf_bus::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "orders.order-placed", versoin = 2, vrsion = 2, crate = "msf_bus")]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
