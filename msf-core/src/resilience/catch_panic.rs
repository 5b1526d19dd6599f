//! Turns a panic into an answer.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use axum_core::response::Response as OwnResponse;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::answer_body::AnswerBody;
use super::ended::early_end;
use crate::BoxError;
use crate::error::{Error, Protocol};

/// Answers 500 or INTERNAL when the handler panics; the panic's message goes to the log only.
///
/// A panic while the body is produced ends that body, and not the other streams of its connection.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct CatchPanicLayer {
    _private: (),
}

impl CatchPanicLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanicService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanicService { inner }
    }
}

/// The service that [`CatchPanicLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct CatchPanicService<S> {
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for CatchPanicService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: http_body::Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response<CatchPanicBody<ResBody>>;
    type Error = S::Error;
    type Future = CatchPanicFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let protocol = Protocol::of(&request);
        // Nothing of ours is looked at again after a panic: the handler's state is its own business.
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(inner) => CatchPanicFuture {
                inner: Some(inner),
                panic: None,
                protocol,
            },
            Err(panic) => CatchPanicFuture {
                inner: None,
                panic: Some(panicked(&*panic)),
                protocol,
            },
        }
    }
}

pin_project! {
    /// The future of [`CatchPanicService`].
    #[derive(Debug)]
    pub struct CatchPanicFuture<F> {
        #[pin]
        inner: Option<F>,
        panic: Option<Error>,
        protocol: Protocol,
    }
}

impl<F, ResBody, E> Future for CatchPanicFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: http_body::Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    type Output = Result<Response<CatchPanicBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let protocol = *this.protocol;
        if let Some(inner) = this.inner.as_mut().as_pin_mut() {
            match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(answer)) => {
                    return Poll::Ready(answer.map(|response| {
                        response.map(|body| CatchPanicBody {
                            inner: AnswerBody::of_service(body),
                            protocol,
                            ended: false,
                        })
                    }));
                }
                Err(panic) => {
                    this.inner.set(None);
                    *this.panic = Some(panicked(&*panic));
                }
            }
        }
        match this.panic.take() {
            Some(error) => Poll::Ready(Ok(own(protocol.respond(error), protocol))),
            None => Poll::Pending,
        }
    }
}

fn own<B>(answer: OwnResponse, protocol: Protocol) -> Response<CatchPanicBody<B>> {
    answer.map(|body| CatchPanicBody {
        inner: AnswerBody::of_layer(body),
        protocol,
        ended: false,
    })
}

pin_project! {
    /// The body of an answer of [`CatchPanicService`]. A panic in it ends it: with trailers for gRPC, with an error for HTTP.
    #[derive(Debug)]
    pub struct CatchPanicBody<B> {
        #[pin]
        inner: AnswerBody<B>,
        protocol: Protocol,
        ended: bool,
    }
}

impl<B> http_body::Body for CatchPanicBody<B>
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
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        match catch_unwind(AssertUnwindSafe(|| this.inner.poll_frame(cx))) {
            Ok(frame) => frame,
            Err(panic) => {
                *this.ended = true;
                Poll::Ready(Some(early_end(*this.protocol, panicked(&*panic))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text");
    Error::internal(format!("the handler panicked: {message}"))
}
