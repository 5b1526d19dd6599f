//! Every layer that a request passes, in one place: one list for HTTP and gRPC.
//!
//! Outer to inner, each with its reason:
//!
//! 1. **context**: correlation id, trace, deadline; everything after it logs and calls under them.
//! 2. **observe**: span, log line, metrics; outside of all that may refuse, so that refusals are seen.
//! 3. **catch panic**: inside of observe, so that a panic is logged and counted as the 500 that the caller gets.
//! 4. **probes**: answered here, outside of every bound: an overloaded server is alive.
//! 5. **load shed and concurrency limit**: before any work is done for the request.
//! 6. **deadline**: inside of the queue, so that the time spent waiting counts.
//! 7. **authenticate**: costs; not for requests that are shed.
//! 8. the app's **own layers** ([`App::layer`](crate::App::layer)): they know the principal.
//! 9. **body limit**, on HTTP routes; an RPC has its limit for each message. Nothing outside of it reads a body.
//! 10. **access rule**, of the route or inside the RPC's method.
//! 11. validation and the handler.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Response;
use msf_core::access::{AuthenticateLayer, Authenticator};
use msf_core::context::ContextLayer;
use msf_core::observe::ObserveLayer;
use msf_core::resilience::{CatchPanicLayer, DeadlineLayer, InFlightLayer};
use tower::ServiceBuilder;
use tower::util::{BoxCloneSyncService, Either};

/// A whole app as one service, ready for a socket or for calls in process. Boxed once, here.
pub(crate) type EdgeService = BoxCloneSyncService<Request, Response, Infallible>;

/// The bounds of one app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of a body of HTTP, and of a message of gRPC.
    pub(crate) body: usize,
    pub(crate) in_flight: usize,
    pub(crate) deadline: Duration,
}

/// Puts the layers around an app's routes and RPCs.
pub(crate) fn edge_stack(
    name: &Arc<str>,
    bounds: Bounds,
    authenticator: Option<Arc<dyn Authenticator>>,
    probes: Router,
    main: Router,
) -> EdgeService {
    // The limit of ours is the one that counts; axum's own 2 MB would be a second one.
    let main = main.layer(DefaultBodyLimit::disable());
    let main = match authenticator {
        Some(authenticator) => Either::Left(
            ServiceBuilder::new()
                .layer(AuthenticateLayer::new(authenticator))
                .service(main),
        ),
        None => Either::Right(main),
    };
    let bounded = ServiceBuilder::new()
        .layer(InFlightLayer::new(bounds.in_flight))
        .layer(DeadlineLayer::new())
        .service(main);
    let service = ServiceBuilder::new()
        .map_response(|response: http::Response<_>| response.map(Body::new))
        .layer(ContextLayer::new().default_deadline(bounds.deadline))
        .layer(ObserveLayer::new(Arc::clone(name)))
        .layer(CatchPanicLayer::new())
        .service(probes.fallback_service(bounded));
    BoxCloneSyncService::new(service)
}
