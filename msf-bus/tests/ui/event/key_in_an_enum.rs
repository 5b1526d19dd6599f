use msf_bus::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "orders.order-changed", crate = "msf_bus")]
enum OrderChanged {
    Placed {
        #[event(key)]
        order_id: String,
    },
}

fn main() {}
