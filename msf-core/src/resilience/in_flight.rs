//! Bounds how many requests are in hand, and sheds what is beyond.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum_core::body::Body;
use axum_core::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_layer::Layer;
use tower_service::Service;

use crate::BoxError;
use crate::context::{Context, Deadline};
use crate::error::{Error, Kind, Protocol};

/// Lets at most `limit` requests be in hand at once, over all connections; as many more may wait.
///
/// What is beyond is answered at once with 503 or RESOURCE_EXHAUSTED and a `Retry-After`; a request whose deadline
/// passes while it waits is answered with 504 or DEADLINE_EXCEEDED. Neither runs the handler.
#[derive(Clone, Debug)]
#[must_use]
pub struct InFlightLayer {
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct Gate {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

impl InFlightLayer {
    /// Makes the layer: `limit` in hand, as many waiting.
    pub fn new(limit: usize) -> Self {
        Self::with_queue(limit, limit)
    }

    /// Makes the layer with a queue of another length; 0 sheds at once.
    pub fn with_queue(limit: usize, queue: usize) -> Self {
        let permits = Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)));
        Self {
            gate: Arc::new(Gate {
                permits,
                waiting: AtomicUsize::new(0),
                queue,
            }),
        }
    }
}

impl<S> Layer<S> for InFlightLayer {
    type Service = InFlightService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        InFlightService {
            inner,
            gate: Arc::clone(&self.gate),
        }
    }
}

/// A place in the queue, given back however the wait ends.
struct Place<'a>(&'a Gate);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Gate {
    async fn enter(&self, deadline: Option<Deadline>) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let place = Place(self);
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= self.queue {
            return Err(Error::of(Kind::Overloaded).with_retry_after(Duration::from_secs(1)));
        }
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline.instant(), permit)
                .await
                .map_err(|_| Error::of(Kind::DeadlineExceeded))?,
            None => permit.await,
        };
        drop(place);
        permit.map_err(Error::internal)
    }
}

/// The service that [`InFlightLayer`] makes.
#[derive(Clone, Debug)]
pub struct InFlightService<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for InFlightService<S>
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
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            let deadline = request
                .extensions()
                .get::<Context>()
                .and_then(Context::deadline);
            match gate.enter(deadline).await {
                Err(error) => Ok(Protocol::of(&request).respond(error)),
                Ok(permit) => {
                    let answer = inner.call(request).await?;
                    Ok(answer.map(|body| {
                        Body::new(PermitBody {
                            inner: body,
                            _permit: permit,
                        })
                    }))
                }
            }
        })
    }
}

pin_project! {
    struct PermitBody<B> {
        #[pin]
        inner: B,
        _permit: OwnedSemaphorePermit,
    }
}

impl<B: http_body::Body> http_body::Body for PermitBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
