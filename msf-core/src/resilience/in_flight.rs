//! Bounds how many requests are in hand, and sheds what is beyond.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_layer::Layer;
use tower_service::Service;

use super::answer_body::AnswerBody;
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
    /// Waits for a place in hand, where the queue has one.
    async fn wait(&self, deadline: Option<Deadline>) -> Result<OwnedSemaphorePermit, Error> {
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
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Send + 'static,
    ResBody: http_body::Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response<InFlightBody<ResBody>>;
    type Error = S::Error;
    type Future = InFlightFuture<S::Future, ResBody, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        if let Ok(permit) = Arc::clone(&self.gate.permits).try_acquire_owned() {
            return InFlightFuture {
                way: Way::Admitted {
                    future: self.inner.call(request),
                    permit: Some(permit),
                },
            };
        }
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let gate = Arc::clone(&self.gate);
        let future = Box::pin(async move {
            let deadline = request
                .extensions()
                .get::<Context>()
                .and_then(Context::deadline);
            match gate.wait(deadline).await {
                Err(error) => {
                    let answer = Protocol::of(&request).respond(error);
                    Ok(answer.map(|body| InFlightBody {
                        inner: AnswerBody::of_layer(body),
                        permit: None,
                    }))
                }
                Ok(permit) => {
                    let answer = inner.call(request).await?;
                    Ok(answer.map(|body| InFlightBody {
                        inner: AnswerBody::of_service(body),
                        permit: Some(permit),
                    }))
                }
            }
        });
        InFlightFuture {
            way: Way::Queued { future },
        }
    }
}

pin_project! {
    /// The future of [`InFlightService`]. A request that need not wait costs no box.
    pub struct InFlightFuture<F, B, E> {
        #[pin]
        way: Way<F, B, E>,
    }
}

pin_project! {
    #[project = WayProjection]
    enum Way<F, B, E> {
        Admitted {
            #[pin]
            future: F,
            permit: Option<OwnedSemaphorePermit>,
        },
        Queued {
            future: BoxFuture<'static, Result<Response<InFlightBody<B>>, E>>,
        },
    }
}

impl<F, B, E> fmt::Debug for InFlightFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightFuture").finish_non_exhaustive()
    }
}

impl<F, B, E> Future for InFlightFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<InFlightBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.project().way.project() {
            WayProjection::Admitted { future, permit } => future.poll(cx).map(|answer| {
                let permit = permit.take();
                answer.map(|answer| {
                    answer.map(|body| InFlightBody {
                        inner: AnswerBody::of_service(body),
                        permit,
                    })
                })
            }),
            WayProjection::Queued { future } => future.as_mut().poll(cx),
        }
    }
}

pin_project! {
    /// The body of an answer of [`InFlightService`]: while it lives, the request is in hand.
    #[derive(Debug)]
    pub struct InFlightBody<B> {
        #[pin]
        inner: AnswerBody<B>,
        permit: Option<OwnedSemaphorePermit>,
    }
}

impl<B> http_body::Body for InFlightBody<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
