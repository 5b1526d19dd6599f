//! A tonic `Server` that msf did not build takes calls of services it trusts, whose keys it fetches; and a client that
//! proves who it is.
//!
//! ```sh
//! cargo run -p msf-auth --example plain_tonic
//! grpcurl -plaintext localhost:50051 grpc.health.v1.Health/Check       # UNAUTHENTICATED: no service is calling
//! ```
//!
//! The program starts the gateway's JWKS, the server and a call of the gateway, and prints the answer.

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::Uri;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use msf_auth::identity::{IdentityVerifier, ServiceIdentity};
use msf_auth::keys::{HttpKeys, KeyRing, RemoteKeys};
use msf_core::access::{AccessLayer, AuthenticateLayer, CallIdentity as _, Principal, Rule};
use msf_core::context::ContextLayer;
use tokio::net::TcpListener;
use tonic::metadata::MetadataValue;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower_layer::Layer as _;

// ANCHOR: serve
/// Serves `grpc.health.v1.Health` on `listener` to the service `api-gateway`, whose keys are at `jwks`.
pub(crate) async fn serve(listener: TcpListener, jwks: Uri) -> Result<(), tonic::transport::Error> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let gateway_keys = RemoteKeys::new(HttpKeys::new(client, jwks));
    // `trust` lets a service speak for itself, `trust_for_users` also for any user that it names.
    let verifier =
        IdentityVerifier::new("health-service").trust_for_users("api-gateway", gateway_keys);

    let (_reporter, health) = tonic_health::server::health_reporter();
    let rule = Rule::service("api-gateway").or(Rule::role("operator"));
    Server::builder()
        .layer((ContextLayer::new(), AuthenticateLayer::new(verifier)))
        .add_service(AccessLayer::new(rule).layer(health))
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
}
// ANCHOR_END: serve

// ANCHOR: call
/// Asks for the health of the server on behalf of `user`, or of the gateway itself.
pub(crate) async fn check(
    channel: Channel,
    gateway: &ServiceIdentity,
    user: Option<&Principal>,
) -> Result<i32, Status> {
    let proof = gateway.on_behalf().header(user, "health-service")?;
    let mut request = Request::new(HealthCheckRequest::default());
    let proof = MetadataValue::try_from(proof.as_bytes())
        .map_err(|_| Status::internal("a token is always ASCII"))?;
    request.metadata_mut().insert("authorization", proof);
    let answer = HealthClient::new(channel).check(request).await?;
    Ok(answer.into_inner().status)
}
// ANCHOR_END: call

/// The JWKS route of the gateway; any other service reads it.
pub(crate) fn jwks(ring: KeyRing) -> Router {
    let route = get(move || async move { ring.response() });
    Router::new().route("/.well-known/jwks.json", route)
}

#[tokio::main]
#[allow(dead_code, reason = "a test includes this file and calls its parts")]
#[expect(clippy::print_stdout, reason = "this is a program")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ring = KeyRing::generate()?;
    let published = TcpListener::bind("127.0.0.1:0").await?;
    let uri = format!("http://{}/.well-known/jwks.json", published.local_addr()?);
    tokio::spawn(axum::serve(published, jwks(ring.clone())).into_future());

    let server = tokio::spawn(serve(
        TcpListener::bind("127.0.0.1:50051").await?,
        uri.parse()?,
    ));
    let channel = Channel::from_static("http://127.0.0.1:50051").connect_lazy();
    let gateway = ServiceIdentity::new("api-gateway", ring);
    let status = check(channel, &gateway, None).await?;
    println!("the gateway was answered {status}; now it is your turn");
    Ok(server.await??)
}
