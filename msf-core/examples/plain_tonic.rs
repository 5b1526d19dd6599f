//! All layers of msf-core on a tonic `Server` that msf did not build, around a service that was generated elsewhere.
//!
//! ```sh
//! cargo run -p msf-core --example plain_tonic
//! grpcurl -plaintext localhost:50051 grpc.health.v1.Health/Check                          # UNAUTHENTICATED
//! grpcurl -plaintext -H 'x-client: monitor' localhost:50051 grpc.health.v1.Health/Check   # SERVING
//! grpcurl -plaintext -H 'x-client: shop' localhost:50051 grpc.health.v1.Health/Check      # PERMISSION_DENIED
//! ```

use std::time::Duration;

use msf_core::BoxFuture;
use msf_core::access::{AccessLayer, AuthenticateLayer, Authenticator, Principal, Rule};
use msf_core::context::ContextLayer;
use msf_core::error::{Error, Kind};
use msf_core::observe::{ObserveLayer, Route};
use msf_core::resilience::{BodyLimitLayer, CatchPanicLayer, DeadlineLayer, InFlightLayer};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower_layer::Layer;

/// A proxy in front has verified the client's certificate and names the service that it belongs to.
struct ByProxy;

impl Authenticator for ByProxy {
    fn authenticate<'a>(
        &'a self,
        headers: &'a http::HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        Box::pin(async move {
            let Some(name) = headers.get("x-client") else {
                return Ok(None);
            };
            let name = name
                .to_str()
                .map_err(|_| Error::of(Kind::Unauthenticated))?;
            Ok(Some(Principal::service(name)))
        })
    }
}

// ANCHOR: serve
/// Serves `grpc.health.v1.Health` on `listener`.
pub(crate) async fn serve(listener: TcpListener) -> Result<(), tonic::transport::Error> {
    let (_reporter, health) = tonic_health::server::health_reporter();
    // The rule goes around the service that it guards. It keeps the service's name, so that tonic routes to it.
    let guarded = AccessLayer::new(Rule::service("monitor").or(Rule::role("operator")))
        .route(Route::rpc("grpc.health.v1.Health", "*"))
        .layer(health);
    Server::builder()
        .layer((
            ContextLayer::new().default_deadline(Duration::from_secs(10)),
            ObserveLayer::new("health"),
            CatchPanicLayer::new(),
            BodyLimitLayer::new(64 * 1024).except_grpc(),
            InFlightLayer::new(512),
            DeadlineLayer::new(),
            AuthenticateLayer::new(ByProxy),
        ))
        .add_service(guarded)
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
}
// ANCHOR_END: serve

#[tokio::main]
#[allow(
    dead_code,
    reason = "a test includes this file and calls `serve` itself"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Ok(serve(TcpListener::bind("127.0.0.1:50051").await?).await?)
}
