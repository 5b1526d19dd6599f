//! Ends a request at its deadline.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_layer::Layer;
use tower_service::Service;

use super::answer_body::AnswerBody;
use super::ended::early_end;
use crate::BoxError;
use crate::context::{Context, Deadline};
use crate::error::{Error, Kind, Protocol};

/// Answers 504 or DEADLINE_EXCEEDED when the deadline of the request's context has passed, and drops the handler.
///
/// A request that arrives too late is answered without running the handler. The server's default bound
/// ([`ContextLayer::default_deadline`](crate::context::ContextLayer::default_deadline)) holds until the head of the
/// answer; a deadline that the caller gave holds until the end of the body.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct DeadlineLayer {
    _private: (),
}

impl DeadlineLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = DeadlineService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DeadlineService { inner }
    }
}

/// The service that [`DeadlineLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineService<S> {
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for DeadlineService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: http_body::Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response<DeadlineBody<ResBody>>;
    type Error = S::Error;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let protocol = Protocol::of(&request);
        let context = request.extensions().get::<Context>().cloned();
        let deadline = context.as_ref().and_then(Context::deadline);
        let inner = (!deadline.is_some_and(Deadline::is_past)).then(|| self.inner.call(request));
        let timer = deadline.map(|deadline| tokio::time::sleep_until(deadline.instant()));
        DeadlineFuture {
            inner,
            timer,
            context,
            protocol,
        }
    }
}

pin_project! {
    /// The future of [`DeadlineService`].
    #[derive(Debug)]
    pub struct DeadlineFuture<F> {
        #[pin]
        inner: Option<F>,
        #[pin]
        timer: Option<Sleep>,
        context: Option<Context>,
        protocol: Protocol,
    }
}

impl<F, ResBody, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: http_body::Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    type Output = Result<Response<DeadlineBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(too_late(*this.protocol)));
        };
        if let Poll::Ready(answer) = inner.poll(cx) {
            let context = this.context.as_ref();
            context.into_iter().for_each(Context::lift_default_deadline);
            let given = context.and_then(Context::deadline);
            let protocol = *this.protocol;
            return Poll::Ready(
                answer.map(|response| response.map(|body| bounded(body, given, protocol))),
            );
        }
        while let Some(timer) = this.timer.as_mut().as_pin_mut() {
            if timer.poll(cx).is_pending() {
                return Poll::Pending;
            }
            // The deadline may have moved: a stream's handler lifts the server's default.
            match this.context.as_ref().and_then(Context::deadline) {
                Some(deadline) if deadline.is_past() => {
                    this.inner.set(None);
                    return Poll::Ready(Ok(too_late(*this.protocol)));
                }
                Some(later) => this
                    .timer
                    .set(Some(tokio::time::sleep_until(later.instant()))),
                None => this.timer.set(None),
            }
        }
        Poll::Pending
    }
}

fn too_late<B>(protocol: Protocol) -> Response<DeadlineBody<B>> {
    let answer = protocol.respond(Error::of(Kind::DeadlineExceeded));
    answer.map(|body| DeadlineBody {
        inner: AnswerBody::of_layer(body),
        timer: None,
        protocol,
        begun: false,
        ended: false,
    })
}

fn bounded<B>(body: B, deadline: Option<Deadline>, protocol: Protocol) -> DeadlineBody<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let deadline = deadline.filter(|_| !body.is_end_stream());
    DeadlineBody {
        inner: AnswerBody::of_service(body),
        timer: deadline.map(|deadline| tokio::time::sleep_until(deadline.instant())),
        protocol,
        begun: false,
        ended: false,
    }
}

pin_project! {
    /// The body of an answer of [`DeadlineService`]. It ends early at a deadline that the caller gave.
    #[derive(Debug)]
    pub struct DeadlineBody<B> {
        #[pin]
        inner: AnswerBody<B>,
        #[pin]
        timer: Option<Sleep>,
        protocol: Protocol,
        begun: bool,
        ended: bool,
    }
}

impl<B> http_body::Body for DeadlineBody<B>
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
        let Some(timer) = this.timer.as_pin_mut() else {
            return this.inner.poll_frame(cx);
        };
        // A body that is never idle has to be asked for the time before each frame; but an answer that is whole already
        // is not cut for having become ready at the last moment.
        let late = timer.poll(cx).is_ready();
        if !late || !*this.begun || this.inner.is_end_stream() {
            match this.inner.poll_frame(cx) {
                Poll::Ready(frame) => {
                    *this.begun = true;
                    return Poll::Ready(frame);
                }
                Poll::Pending if !late => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        *this.ended = true;
        Poll::Ready(Some(early_end(
            *this.protocol,
            Error::of(Kind::DeadlineExceeded),
        )))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
