//! A tonic server that has no rules.
use msf_service::App;

fn main() {
    let (_, health) = tonic_health::server::health_reporter();
    let _ = App::new().grpc(health);
}
