//! The layer that checks a rule on an HTTP route, or on a whole service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use axum_core::body::Body;
use axum_core::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::decision::{AtSight, Refusal};
use super::{Head, Rule};
use crate::BoxError;
use crate::context::Context;
use crate::error::{Error, Kind, Protocol};
use crate::observe::Route;

/// Lets a request through to the service behind it only where the rule allows it.
///
/// The innermost layer: put it inside of [`AuthenticateLayer`](super::AuthenticateLayer). On a router use
/// `route_layer`, so that unknown paths stay 404. On a tonic service it answers with a gRPC status.
///
/// ```
/// use axum::{Router, routing::get};
/// use msf_core::access::{AccessLayer, Rule};
///
/// let app: Router = Router::new()
///     .route("/reports", get(|| async { "reports" }))
///     .route_layer(AccessLayer::new(Rule::role("auditor")));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AccessLayer {
    shared: Arc<Shared>,
}

#[derive(Clone, Debug)]
struct Shared {
    rule: Rule<Head>,
    route: Option<Route>,
}

impl AccessLayer {
    /// Checks `rule`.
    pub fn new(rule: Rule<Head>) -> Self {
        Self {
            shared: Arc::new(Shared { rule, route: None }),
        }
    }

    /// Names what is behind it, in logs and metrics.
    pub fn route(mut self, route: Route) -> Self {
        Arc::make_mut(&mut self.shared).route = Some(route);
        self
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// The service that [`AccessLayer`] makes.
#[derive(Clone, Debug)]
pub struct AccessService<S> {
    inner: S,
    shared: Arc<Shared>,
}

// A service that is named keeps its name behind a rule, so that a tonic `Server` takes it.
impl<S: tonic::server::NamedService> tonic::server::NamedService for AccessService<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AccessService<S>
where
    S: Service<Request<ReqBody>, Response = http::Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Send + 'static,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = AccessFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let context = request.extensions().get::<Context>();
        if let (Some(context), Some(route)) = (context, &self.shared.route) {
            context.set_route(route.clone());
        }
        let rule = &self.shared.rule;
        match rule.decide_at_sight(context.and_then(Context::identity)) {
            AtSight::Decided(Ok(())) => {
                return AccessFuture::of(Way::Admitted {
                    future: self.inner.call(request),
                });
            }
            AtSight::Decided(Err(refusal)) => {
                refusal.audit(context, rule);
                let answer = Some(answer(refusal, Protocol::of(&request)));
                return AccessFuture::of(Way::Refused { answer });
            }
            AtSight::Look(_) => {}
        }
        // The service that was polled ready has to be the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let shared = Arc::clone(&self.shared);
        let future = Box::pin(async move {
            let protocol = Protocol::of(&request);
            let (mut head, body) = Head::split(request);
            let context = head.parts().extensions.get::<Context>().cloned();
            let identity = context.as_ref().and_then(Context::identity);
            if let Err(refusal) = shared.rule.decide(identity, &mut head).await {
                refusal.audit(context.as_ref(), &shared.rule);
                return Ok(answer(refusal, protocol));
            }
            Ok(inner.call(head.join(body)).await?.map(Body::new))
        });
        AccessFuture::of(Way::Looks { future })
    }
}

pin_project! {
    /// The future of [`AccessService`]. Only a rule that has to look at the request costs a box.
    #[must_use = "futures do nothing unless polled"]
    pub struct AccessFuture<F, E> {
        #[pin]
        way: Way<F, E>,
    }
}

pin_project! {
    #[project = WayProjection]
    enum Way<F, E> {
        Admitted { #[pin] future: F },
        Refused { answer: Option<Response> },
        Looks { future: BoxFuture<'static, Result<Response, E>> },
    }
}

impl<F, E> AccessFuture<F, E> {
    fn of(way: Way<F, E>) -> Self {
        Self { way }
    }
}

impl<F, E> fmt::Debug for AccessFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessFuture").finish_non_exhaustive()
    }
}

impl<F, B, E> Future for AccessFuture<F, E>
where
    F: Future<Output = Result<http::Response<B>, E>>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.project().way.project() {
            WayProjection::Admitted { future } => future
                .poll(cx)
                .map(|answer| answer.map(|answer| answer.map(Body::new))),
            WayProjection::Refused { answer } => match answer.take() {
                Some(answer) => Poll::Ready(Ok(answer)),
                None => Poll::Pending,
            },
            WayProjection::Looks { future } => future.as_mut().poll(cx),
        }
    }
}

fn answer(refusal: Refusal, protocol: Protocol) -> Response {
    match refusal {
        Refusal::Unauthenticated(error) => protocol.respond(error),
        Refusal::Forbidden => protocol.respond(Error::of(Kind::Forbidden)),
        Refusal::Rejected(response) => *response,
    }
}
