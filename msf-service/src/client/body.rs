//! The body of an answer: bounded by the deadline, measured to its end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use msf_core::context::{Context, Deadline};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tonic::{Code, Status};

use super::Channel;
use super::call::{status_code, too_late};
use super::record::Record;
use super::visit::LocalBody;

pin_project! {
    /// The body of an answer of either wire.
    ///
    /// It ends with DEADLINE_EXCEEDED when a deadline passes that the context or the request gave. Dropped before its
    /// end, it cancels the call.
    pub struct ResponseBody {
        #[pin]
        inner: Option<WireBody>,
        #[pin]
        timer: Option<Sleep>,
        channel: Channel,
        context: Context,
        record: Record,
    }
}

pin_project! {
    #[project = WireBodyProjection]
    pub(super) enum WireBody {
        Tcp { #[pin] body: tonic::body::Body },
        Local { #[pin] body: LocalBody },
    }
}

impl WireBody {
    pub(super) fn tcp(body: tonic::body::Body) -> Self {
        Self::Tcp { body }
    }

    pub(super) fn local(body: LocalBody) -> Self {
        Self::Local { body }
    }
}

impl ResponseBody {
    pub(super) fn new(
        inner: WireBody,
        deadline: Option<Deadline>,
        channel: Channel,
        context: Context,
        record: Record,
    ) -> Self {
        let open = !inner.is_end_stream();
        let timer = deadline
            .filter(|_| open)
            .map(|deadline| tokio::time::sleep_until(deadline.instant()));
        Self {
            inner: Some(inner),
            timer,
            channel,
            context,
            record,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let status = match inner.poll_frame(cx) {
            Poll::Ready(None) => {
                this.record.finish(Code::Unknown);
                this.inner.set(None);
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.record
                        .finish(status_code(trailers).unwrap_or(Code::Unknown));
                    this.inner.set(None);
                }
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(Some(Err(status))) => this.channel.broken_off(status),
            Poll::Pending => match this.timer.as_pin_mut().map(|timer| timer.poll(cx)) {
                Some(Poll::Ready(())) => too_late(this.channel),
                _ => return Poll::Pending,
            },
        };
        // Dropped now and not with the caller's stream: the callee's work ends with the call.
        this.inner.set(None);
        let record = this.record;
        this.context.clone().sync_scope(|| record.failed(&status));
        Poll::Ready(Some(Err(status)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.project() {
            WireBodyProjection::Tcp { body } => body.poll_frame(cx),
            WireBodyProjection::Local { body } => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Tcp { body } => body.is_end_stream(),
            Self::Local { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Tcp { body } => body.size_hint(),
            Self::Local { body } => body.size_hint(),
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("channel", &self.channel)
            .field("ended", &self.inner.is_none())
            .finish_non_exhaustive()
    }
}
