//! How the body of an answer ends early: with trailers for gRPC, with an error for HTTP.

use axum_core::body::Body;
use bytes::Bytes;
use http_body::Frame;

use crate::BoxError;
use crate::error::{Error, Protocol};

/// The last frame of a body that cannot go on.
///
/// An HTTP body must not look complete, so it fails, and the server cuts the connection or resets the stream.
pub(super) fn early_end(protocol: Protocol, error: Error) -> Result<Frame<Bytes>, BoxError> {
    match protocol {
        Protocol::Grpc => {
            let answer = tonic::Status::from(error).into_http::<Body>();
            Ok(Frame::trailers(answer.into_parts().0.headers))
        }
        Protocol::Http => Err(Box::new(error)),
    }
}
