//! One layer at a time, on an axum `Router` and a tonic `Server` that exist.
//!
//! ```sh
//! cargo run -p msf-core --example one_layer
//! curl -i localhost:3000/reports                      # 401, with a correlation id
//! curl -i localhost:3000/reports -H 'x-user: ana'     # 200
//! ```
#![allow(
    dead_code,
    reason = "a test includes this file and calls what `main` does not"
)]

// ANCHOR: uses
use std::time::Duration;

use axum::Router;
use axum::extract::MatchedPath;
use axum::routing::get;
use msf_core::BoxFuture;
use msf_core::access::{AccessLayer, AuthenticateLayer, Authenticator, Principal, Rule};
use msf_core::context::ContextLayer;
use msf_core::error::Error;
use msf_core::observe::{ObserveLayer, Route};
use msf_core::resilience::{BodyLimitLayer, CatchPanicLayer, DeadlineLayer, InFlightLayer};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower_layer::Layer;
// ANCHOR_END: uses

/// What was there before.
pub(crate) fn existing() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }),
        )
        .route("/echo", axum::routing::post(|body: String| async { body }))
        .route("/panic", get(|| async { fault() }))
}

fn fault() -> &'static str {
    panic!("a fault")
}

// ANCHOR: ids
/// Every request and every answer has a correlation id; `Context::current()` knows it.
pub(crate) fn with_ids(app: Router) -> Router {
    app.layer(ContextLayer::new())
}
// ANCHOR_END: ids

// ANCHOR: lines
/// One log line and three metrics for each request.
pub(crate) fn with_log_lines(app: Router) -> Router {
    let observe = ObserveLayer::new("notes")
        .matched(|extensions| Some(extensions.get::<MatchedPath>()?.as_str().to_owned()));
    app.layer((ContextLayer::new(), observe))
}
// ANCHOR_END: lines

// ANCHOR: deadline
/// Who asks for less time (`x-deadline-ms`, `grpc-timeout`) gets less; nobody gets more than two seconds.
pub(crate) fn with_a_deadline(app: Router) -> Router {
    let two_seconds = ContextLayer::new().default_deadline(Duration::from_secs(2));
    app.layer((two_seconds, DeadlineLayer::new()))
}
// ANCHOR_END: deadline

// ANCHOR: bounds
/// A body of 64 KiB at most, 512 requests in hand, and a panic is a 500.
pub(crate) fn with_bounds(app: Router) -> Router {
    app.layer((
        CatchPanicLayer::new(),
        BodyLimitLayer::new(64 * 1024),
        InFlightLayer::new(512),
    ))
}
// ANCHOR_END: bounds

// ANCHOR: rule
/// Takes a header at its word, which a proxy in front has set.
struct ByProxy;

impl Authenticator for ByProxy {
    fn authenticate<'a>(
        &'a self,
        headers: &'a http::HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        let user = headers.get("x-user").and_then(|user| user.to_str().ok());
        Box::pin(std::future::ready(Ok(user.map(Principal::user))))
    }
}

/// One more route, for known callers only. The others stay as they are.
pub(crate) fn with_a_rule(app: Router) -> Router {
    let rule = AccessLayer::new(Rule::authenticated("reports are for the house"));
    let reports = get(|| async { "all is well" }).route_layer(rule);
    app.route("/reports", reports)
        .layer((ContextLayer::new(), AuthenticateLayer::new(ByProxy)))
}
// ANCHOR_END: rule

// ANCHOR: tonic_ids
/// The same layer on tonic's server.
pub(crate) async fn serve_with_ids(listener: TcpListener) -> Result<(), tonic::transport::Error> {
    let (_reporter, health) = tonic_health::server::health_reporter();
    Server::builder()
        .layer(ContextLayer::new())
        .add_service(health)
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
}
// ANCHOR_END: tonic_ids

// ANCHOR: tonic_rule
/// One rule around one service; others that are added have none.
pub(crate) async fn serve_with_a_rule(
    listener: TcpListener,
) -> Result<(), tonic::transport::Error> {
    let (_reporter, health) = tonic_health::server::health_reporter();
    let guarded = AccessLayer::new(Rule::authenticated("for the house"))
        .route(Route::rpc("grpc.health.v1.Health", "*"))
        .layer(health);
    Server::builder()
        .layer((ContextLayer::new(), AuthenticateLayer::new(ByProxy)))
        .add_service(guarded)
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
}
// ANCHOR_END: tonic_rule

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, with_a_rule(existing())).await
}
