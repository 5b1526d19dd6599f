//! Which of the two protocols a request speaks.

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};

use super::Error;

/// Whether a caller expects an HTTP answer or a gRPC one.
///
/// A panic or a timeout must reach a gRPC caller as trailers-only status with HTTP 200, never as a bare 500.
///
/// ```
/// use msf_core::error::Protocol;
/// let request = http::Request::builder().header("content-type", "application/grpc+proto").body(()).unwrap();
/// assert_eq!(Protocol::of(&request), Protocol::Grpc);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Anything but gRPC.
    Http,
    /// `content-type: application/grpc`, with any suffix.
    Grpc,
}

impl Protocol {
    /// The protocol of `request`, by its content type.
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::of_headers(request.headers())
    }

    /// The protocol that a message with these headers speaks.
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let grpc = headers.get(CONTENT_TYPE).is_some_and(|value| {
            value
                .as_bytes()
                .strip_prefix(b"application/grpc")
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
        });
        if grpc { Self::Grpc } else { Self::Http }
    }

    /// The name used in logs and metrics: `http` or `grpc`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }

    /// Answers with `error` in this protocol.
    pub fn respond(self, error: Error) -> Response {
        match self {
            Self::Http => error.into_response(),
            Self::Grpc => tonic::Status::from(error).into_http::<Body>(),
        }
    }
}
