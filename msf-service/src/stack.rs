//! Every layer that a request passes, in one place: one list for HTTP and gRPC.
//!
//! Outer to inner, each with its reason:
//!
//! 1. **sensitive headers**: credentials are marked, so that no `Debug` of a header map further in shows them.
//! 2. **context**: correlation id, trace, deadline; everything after it logs and calls under them.
//! 3. **observe**: span, log line, metrics; outside of all that may refuse, so that refusals are seen.
//! 4. **catch panic**: inside of observe, so that a panic is logged and counted as the 500 that the caller gets.
//! 5. **probes**: answered here, outside of every bound: an overloaded server is alive.
//! 6. **load shed and concurrency limit**: before any work is done for the request.
//! 7. **deadline**: inside of the queue, so that the time spent waiting counts.
//! 8. **authenticate**, with the bound on failures of one address before the credentials are looked at: costs; not for
//!    requests that are shed.
//! 9. the app's **own layers** ([`App::layer`](crate::App::layer)): they know the principal.
//! 10. **body limit**, on HTTP routes; an RPC has its limit for each message. Nothing outside of it reads a body.
//! 11. **access rule**, of the route or inside the RPC's method.
//! 12. validation and the handler.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use msf_core::access::{AuthenticateLayer, Authenticator, FailureLimit};
use msf_core::context::ContextLayer;
use msf_core::observe::ObserveLayer;
use msf_core::resilience::{CatchPanicLayer, DeadlineLayer, InFlightLayer};
use tower::ServiceBuilder;
use tower::util::Either;

use crate::edge::Peer;

mod edge_service;
mod past_bounds;

pub(crate) use edge_service::EdgeService;
use past_bounds::PastBounds;

/// The bounds of one app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of a body of HTTP, and of a message of gRPC.
    pub(crate) body: usize,
    pub(crate) in_flight: usize,
    pub(crate) deadline: Duration,
    /// Bad credentials of one address in a minute; 0: no bound.
    pub(crate) auth_failures: u32,
}

/// Puts the layers around an app's routes and RPCs.
pub(crate) fn edge_stack(
    name: &Arc<str>,
    bounds: Bounds,
    authenticator: Option<Arc<dyn Authenticator>>,
    probes: Router,
    main: Router,
) -> EdgeService {
    let main = match authenticator {
        Some(authenticator) => {
            let mut layer = AuthenticateLayer::new(authenticator);
            if bounds.auth_failures > 0 {
                layer = layer.limit_failures(FailureLimit::per_minute(bounds.auth_failures, peer));
            }
            Either::Left(ServiceBuilder::new().layer(layer).service(main))
        }
        None => Either::Right(main),
    };
    let bounded = ServiceBuilder::new()
        .layer(InFlightLayer::new(bounds.in_flight))
        .layer(DeadlineLayer::new())
        // The limit of ours is the one that counts; axum's own 2 MB would be a second one.
        .layer(DefaultBodyLimit::disable())
        .service(main);
    let service = ServiceBuilder::new()
        .map_request(mark_credentials)
        .map_response(|response: http::Response<_>| response.map(Body::new))
        .layer(ContextLayer::new().default_deadline(bounds.deadline))
        .layer(ObserveLayer::new(Arc::clone(name)))
        .layer(CatchPanicLayer::new())
        .service(PastBounds::new(probes, bounded));
    EdgeService::new(service)
}

fn peer(extensions: &http::Extensions) -> Option<IpAddr> {
    Some(extensions.get::<Peer>()?.addr.ip())
}

/// `Debug` of a marked value is `Sensitive`, and HTTP/2 keeps it out of its table of headers.
fn mark_credentials<B>(mut request: http::Request<B>) -> http::Request<B> {
    for name in [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE] {
        if let http::header::Entry::Occupied(mut values) = request.headers_mut().entry(name) {
            values
                .iter_mut()
                .for_each(|value| value.set_sensitive(true));
        }
    }
    request
}
