//! A tonic server that has no rules.
use msf_service::grpc::{Guarded, RpcService};

fn serve<S: RpcService>(_: Guarded<S>) {}

fn main() {
    let (_, health) = tonic_health::server::health_reporter();
    serve(health);
}
