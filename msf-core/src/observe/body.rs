//! The body of an observed answer: its end is the end of the request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::record::Record;
use super::service_name::in_service_sync;

pin_project! {
    /// A body that writes the request's record when it ends, fails or is dropped.
    #[derive(Debug)]
    pub struct ObservedBody<B: Body> {
        #[pin]
        inner: Option<B>,
        record: Record,
        unsent: Option<u64>,
        service: Arc<str>,
        span: tracing::Span,
    }

    impl<B: Body> PinnedDrop for ObservedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            // A server does not poll a body that says it has ended; one that has not was given up by the caller.
            let ended = this.inner.as_ref().is_none_or(Body::is_end_stream);
            let complete = ended || this.unsent == Some(0);
            let mut this = this.project();
            let _entered = this.span.enter();
            in_service_sync(Arc::clone(this.service), || this.inner.set(None));
            this.record.finish(complete);
        }
    }
}

impl<B: Body> ObservedBody<B> {
    /// Observes `inner`, of which `length` bytes are sent, where that is known.
    pub(super) fn new(
        inner: B,
        length: Option<u64>,
        record: Record,
        service: Arc<str>,
        span: tracing::Span,
    ) -> Self {
        Self {
            inner: Some(inner),
            record,
            unsent: length,
            service,
            span,
        }
    }
}

impl<B: Body> Body for ObservedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let _entered = this.span.enter();
        let frame = ready!(in_service_sync(Arc::clone(this.service), || {
            inner.poll_frame(cx)
        }));
        match &frame {
            None => this.record.finish(true),
            Some(Err(_)) => this.record.finish(false),
            Some(Ok(frame)) => {
                if let (Some(unsent), Some(data)) = (this.unsent, frame.data_ref()) {
                    let sent = u64::try_from(data.remaining()).unwrap_or(u64::MAX);
                    *unsent = unsent.saturating_sub(sent);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    this.record.trailers(trailers);
                    this.record.finish(true);
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(SizeHint::default, Body::size_hint)
    }
}
