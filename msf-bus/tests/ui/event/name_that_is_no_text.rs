use msf_bus::Event;
use serde::{Deserialize, Serialize};

const NAME: &str = "orders.order-placed";

#[derive(Serialize, Deserialize, Event)]
#[event(name = NAME, crate = "msf_bus")]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
