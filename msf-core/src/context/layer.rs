//! The layer that gives each request its [`Context`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tower_layer::Layer;
use tower_service::Service;

use super::{CORRELATION_ID, CURRENT, CarrierMut, Context, Deadline, ScopedBody};

/// Extracts the context of each request, makes it the current one, and answers with its correlation id.
///
/// Put it outside of everything that logs or calls. Works on any `http` service: an axum `Router`, a tonic `Server`.
///
/// ```
/// use msf_core::context::ContextLayer;
/// use std::time::Duration;
/// let layer = ContextLayer::new().default_deadline(Duration::from_secs(10));
/// # let _ = layer;
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct ContextLayer {
    default_deadline: Option<Duration>,
}

impl ContextLayer {
    /// Makes the layer; without a default deadline.
    pub const fn new() -> Self {
        Self {
            default_deadline: None,
        }
    }

    /// Bounds the time until the head of an answer; a caller's own, earlier deadline still counts. Default: none.
    pub const fn default_deadline(mut self, default: Duration) -> Self {
        self.default_deadline = Some(default);
        self
    }
}

impl<S> Layer<S> for ContextLayer {
    type Service = ContextService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ContextService {
            inner,
            default_deadline: self.default_deadline,
        }
    }
}

/// The service that [`ContextLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct ContextService<S> {
    inner: S,
    default_deadline: Option<Duration>,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ContextService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<ScopedBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let default = self.default_deadline.and_then(Deadline::after);
        let context = Context::extract_bounded(request.headers(), default);
        request.extensions_mut().insert(context.clone());
        // The inner service may build its future eagerly, so the call itself runs inside the scope too.
        let future = CURRENT.sync_scope(context.clone(), || self.inner.call(request));
        ResponseFuture {
            inner: CURRENT.scope(context.clone(), future),
            context,
        }
    }
}

pin_project! {
    /// The future of [`ContextService`].
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: TaskLocalFuture<Context, F>,
        context: Context,
    }
}

impl<F, ResBody, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
{
    type Output = Result<Response<ScopedBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        response
            .headers_mut()
            .set(CORRELATION_ID, this.context.correlation_id().as_str());
        Poll::Ready(Ok(
            response.map(|body| ScopedBody::new(body, this.context.clone()))
        ))
    }
}
