//! Keeps the context while the body of an answer is produced.

use std::pin::Pin;
use std::task::Poll;

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{CURRENT, Context};

pin_project! {
    /// A body whose every poll runs with a context as the current one: a stream's items log and call under it.
    #[derive(Debug)]
    pub struct ScopedBody<B> {
        #[pin]
        inner: Option<B>,
        context: Context,
    }

    impl<B> PinnedDrop for ScopedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            // What a stream's own guards log and do when it is given up belongs to the request too.
            let mut this = this.project();
            CURRENT.sync_scope(this.context.clone(), || this.inner.set(None));
        }
    }
}

impl<B> ScopedBody<B> {
    /// Wraps `inner` so that it is polled within `context`.
    pub fn new(inner: B, context: Context) -> Self {
        Self {
            inner: Some(inner),
            context,
        }
    }
}

impl<B: Body> Body for ScopedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(None);
        };
        CURRENT.sync_scope(this.context.clone(), || inner.poll_frame(cx))
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
