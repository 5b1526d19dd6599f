use msf_bus::Event;

#[derive(Event)]
#[event(name = "orders.order-placed", crate = "msf_bus")]
union OrderPlaced {
    order_id: u64,
}

fn main() {}
