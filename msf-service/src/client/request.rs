//! The body of a request, which belongs to its caller wherever it is polled.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use msf_core::context::Context;
use msf_core::observe;
use tonic::Status;

/// Polls the caller's messages in the caller's context: over TCP a connection's task polls them, in the process the
/// callee's handler does.
pub(super) struct RequestBody {
    inner: tonic::body::Body,
    context: Context,
    service: Option<Arc<str>>,
    span: tracing::Span,
}

impl RequestBody {
    pub(super) fn new(
        inner: tonic::body::Body,
        context: Context,
        service: Option<Arc<str>>,
        span: tracing::Span,
    ) -> Self {
        Self {
            inner,
            context,
            service,
            span,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let _entered = this.span.enter();
        let inner = &mut this.inner;
        this.context.clone().sync_scope(|| match &this.service {
            Some(name) => {
                let frame = poll_fn(|cx| Pin::new(&mut *inner).poll_frame(cx));
                pin!(observe::in_service(Arc::clone(name), frame)).poll(cx)
            }
            None => Pin::new(inner).poll_frame(cx),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
