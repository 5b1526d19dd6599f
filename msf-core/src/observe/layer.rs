//! The layer that observes requests.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;

use super::ObservedBody;
use super::meter::Meter;
use super::record::{Matched, Record};
use super::service_name::{SERVICE, in_service_sync};

/// Emits a span, one log line and one measurement for each request, under the name of a service.
///
/// The histograms of a service are looked up once, at its first answers: install the recorder of metrics before.
///
/// Levels: `error` with the cause where the fault is ours, `debug` for probes, else `info`.
///
/// ```
/// use msf_core::observe::ObserveLayer;
/// // On an axum Router that msf did not build, the route's pattern is axum's own:
/// let layer = ObserveLayer::new("shop")
///     .matched(|extensions| Some(extensions.get::<axum::extract::MatchedPath>()?.as_str().to_owned()));
/// # let _ = layer;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ObserveLayer {
    meter: Arc<Meter>,
    matched: Option<Matched>,
}

impl ObserveLayer {
    /// Observes as the service `name`.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            meter: Arc::new(Meter::new(name.into())),
            matched: None,
        }
    }

    /// Reads the matched route from a request's extensions, where no layer of ours is the router.
    pub fn matched(mut self, matched: fn(&http::Extensions) -> Option<String>) -> Self {
        self.matched = Some(matched);
        self
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = ObserveService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ObserveService {
            inner,
            meter: Arc::clone(&self.meter),
            matched: self.matched,
        }
    }
}

/// The service that [`ObserveLayer`] makes.
#[derive(Clone, Debug)]
pub struct ObserveService<S> {
    inner: S,
    meter: Arc<Meter>,
    matched: Option<Matched>,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ObserveService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<ObservedBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let record = Record::start(&self.meter, self.matched, &request);
        let span = tracing::info_span!(
            target: "msf::request",
            "request",
            otel.kind = "server",
            service = &**self.meter.service(),
            route = tracing::field::Empty,
        );
        let service = Arc::clone(self.meter.service());
        let future = in_service_sync(Arc::clone(&service), || {
            span.in_scope(|| self.inner.call(request))
        });
        let inner = SERVICE.scope(Arc::clone(&service), future);
        ResponseFuture {
            inner,
            record: Some(record),
            service,
            span,
        }
    }
}

pin_project! {
    /// The future of [`ObserveService`]. Dropped before it is ready, the request is recorded as cancelled.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: TaskLocalFuture<Arc<str>, F>,
        record: Option<Record>,
        service: Arc<str>,
        span: Span,
    }
}

impl<F, ResBody, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: Body,
{
    type Output = Result<Response<ObservedBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = {
            let _entered = this.span.enter();
            ready!(this.inner.poll(cx))?
        };
        let Some(mut record) = this.record.take() else {
            // Polled after it was ready: nothing is left to record, and a future may do as it likes then.
            return Poll::Pending;
        };
        record.head(&response);
        let length = record.length(&response);
        if let Some(route) = record.route().filter(|_| !this.span.is_disabled()) {
            this.span.record("route", tracing::field::display(route));
        }
        let (service, span) = (Arc::clone(this.service), this.span.clone());
        Poll::Ready(Ok(
            response.map(|body| ObservedBody::new(body, length, record, service, span))
        ))
    }
}
