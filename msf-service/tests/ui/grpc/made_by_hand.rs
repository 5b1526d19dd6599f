//! A guarded service that no guard has made.
use msf_service::grpc::Guarded;

fn main() {
    let (_, service) = tonic_health::server::health_reporter();
    let _ = Guarded { service };
}
