//! The body of an answer: knows when it is complete, and can be ended before.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use msf_core::error::{Error, Kind, Protocol};
use pin_project_lite::pin_project;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::activity::Owed;

/// What a request under way is told when the server ends it.
pub(super) fn shutting_down() -> Error {
    Error::new(
        Kind::Unavailable,
        "shutting_down",
        "the server is shutting down",
    )
}

pin_project! {
    /// An answer's body until its last frame, its drop, or the end of the streams.
    ///
    /// A body that has its frames ready costs one atomic and one uncontended lock each; the wait for the end is only
    /// registered by one that has to wait itself.
    pub(super) struct OwedBody {
        #[pin]
        inner: Body,
        owed: Option<Owed>,
        protocol: Protocol,
        end: CancellationToken,
        #[pin]
        ended: Option<WaitForCancellationFutureOwned>,
    }
}

impl OwedBody {
    pub(super) fn new(inner: Body, owed: Owed, protocol: Protocol, end: CancellationToken) -> Self {
        Self {
            inner,
            owed: Some(owed),
            protocol,
            end,
            ended: None,
        }
    }
}

/// A plain HTTP answer was ended before it was complete.
#[derive(Debug)]
struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("answer ended before it was complete: the server is shutting down")
    }
}

impl std::error::Error for BrokenOff {}

impl HttpBody for OwedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut this = self.project();
        if this.owed.is_none() {
            return Poll::Ready(None);
        }
        // A body of known length is at hand as a whole. Any other could have another frame ready for ever.
        let endless = this.inner.size_hint().exact().is_none();
        if !(endless && this.end.is_cancelled()) {
            if let Poll::Ready(frame) = this.inner.as_mut().poll_frame(cx) {
                let last = match &frame {
                    Some(Ok(frame)) => frame.is_trailers() || this.inner.is_end_stream(),
                    Some(Err(_)) => {
                        if let Some(owed) = this.owed.as_ref() {
                            owed.broken_off();
                        }
                        true
                    }
                    None => true,
                };
                if last {
                    this.owed.take();
                }
                return Poll::Ready(frame);
            }
            if this.ended.is_none() {
                this.ended.set(Some(this.end.clone().cancelled_owned()));
            }
            if let Some(ended) = this.ended.as_mut().as_pin_mut() {
                ready!(ended.poll(cx));
            }
        }
        let Some(owed) = this.owed.take() else {
            return Poll::Ready(None);
        };
        owed.ended_by_stop();
        // What feeds the body sees now that nobody reads it.
        this.inner.set(Body::empty());
        Poll::Ready(Some(match this.protocol {
            Protocol::Grpc => Ok(Frame::trailers(trailers())),
            Protocol::Http => {
                owed.broken_off();
                Err(axum::Error::new(BrokenOff))
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.owed.is_none() || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn trailers() -> http::HeaderMap {
    let status = tonic::Status::from(shutting_down());
    let mut trailers = http::HeaderMap::new();
    // Fails only for a message that is not a header value once encoded.
    let _ = status.add_header(&mut trailers);
    trailers
}
