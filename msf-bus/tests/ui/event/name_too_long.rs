use msf_bus::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(
    name = "orders.order-placed-by-a-customer-who-paid-for-it-before-it-was-sent-and-has-not-yet-opened-the-parcel",
    crate = "msf_bus"
)]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
