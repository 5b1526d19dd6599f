use msf_bus::{Event, Outgoing};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "OrderPlaced", version = 0, crate = "msf_bus")]
struct OrderPlaced {
    #[event(kye)]
    order_id: String,
}

// Two mistakes at the attribute, one at the field, none here.
fn main() {
    let _ = Outgoing::one(OrderPlaced { order_id: String::new() });
}
