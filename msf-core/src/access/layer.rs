//! The layer that checks a rule on an HTTP route, or on a whole service.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use axum_core::body::Body;
use axum_core::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::decision::Refusal;
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
    rule: Arc<Rule<Head>>,
    route: Option<Route>,
}

impl AccessLayer {
    /// Checks `rule`.
    pub fn new(rule: Rule<Head>) -> Self {
        Self {
            rule: Arc::new(rule),
            route: None,
        }
    }

    /// Names what is behind it, in logs and metrics.
    pub fn route(mut self, route: Route) -> Self {
        self.route = Some(route);
        self
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessService {
            inner,
            rule: Arc::clone(&self.rule),
            route: self.route.clone(),
        }
    }
}

/// The service that [`AccessLayer`] makes.
#[derive(Clone, Debug)]
pub struct AccessService<S> {
    inner: S,
    rule: Arc<Rule<Head>>,
    route: Option<Route>,
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
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The service that was polled ready has to be the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let rule = Arc::clone(&self.rule);
        let route = self.route.clone();
        Box::pin(async move {
            let protocol = Protocol::of(&request);
            let (mut head, body) = Head::split(request);
            let context = head.parts().extensions.get::<Context>().cloned();
            if let (Some(context), Some(route)) = (&context, route) {
                context.set_route(route);
            }
            let identity = context.as_ref().and_then(Context::identity);
            if let Err(refusal) = rule.decide(identity, &mut head).await {
                refusal.audit(context.as_ref(), &rule);
                return Ok(answer(refusal, protocol));
            }
            Ok(inner.call(head.join(body)).await?.map(Body::new))
        })
    }
}

fn answer(refusal: Refusal, protocol: Protocol) -> Response {
    match refusal {
        Refusal::Unauthenticated(error) => protocol.respond(error),
        Refusal::Forbidden => protocol.respond(Error::of(Kind::Forbidden)),
        Refusal::Rejected(response) => *response,
    }
}
