//! One call inside the process, to the end of its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use msf_core::context::{Context, ScopedBody};
use pin_project_lite::pin_project;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::Status;

use super::body::WireBody;
use super::local::Entry;

/// One call inside a service.
pub(super) struct Visit {
    pub(super) name: Arc<str>,
    pub(super) entry: Arc<Entry>,
    pub(super) token: TaskTrackerToken,
}

impl Visit {
    pub(super) async fn send(
        self,
        request: http::Request<Body>,
    ) -> Result<http::Response<WireBody>, Status> {
        // What crosses is what would cross a wire: the headers. The caller's task-local would show its principal.
        let context = Context::extract(request.headers());
        let answer = context.clone().sync_scope(|| (self.entry.call)(request));
        let mut cut = Box::pin(self.entry.cut.clone().cancelled_owned());
        let answer = tokio::select! {
            biased;
            () = &mut cut => return Err(stopped(&self.name)),
            answer = context.clone().scope(answer) => answer,
        };
        let Ok(answer) = answer;
        Ok(answer.map(|body| {
            WireBody::local(LocalBody {
                inner: ScopedBody::new(body, context),
                cut,
                name: self.name,
                _token: self.token,
            })
        }))
    }
}

pin_project! {
    /// The body of an answer from inside the process; a call in flight until it is dropped.
    pub(super) struct LocalBody {
        #[pin]
        inner: ScopedBody<Body>,
        cut: Pin<Box<WaitForCancellationFutureOwned>>,
        name: Arc<str>,
        _token: TaskTrackerToken,
    }
}

impl http_body::Body for LocalBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        match this.inner.poll_frame(cx) {
            Poll::Ready(frame) => {
                Poll::Ready(frame.map(|frame| frame.map_err(|error| broken_off(this.name, error))))
            }
            Poll::Pending => match this.cut.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Some(Err(stopped(this.name)))),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn stopped(name: &str) -> Status {
    Status::unavailable(format!("{name} is stopping"))
}

/// A server whose body fails resets the stream, which is INTERNAL to its client.
fn broken_off(name: &str, error: axum::Error) -> Status {
    let mut status = Status::internal(format!("{name} broke the answer off"));
    status.set_source(Arc::new(error));
    status
}
