//! How the body of an answer ends early: with trailers for gRPC, with an error for HTTP.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tonic::Status;

use crate::BoxError;
use crate::error::{Error, Protocol};

/// The last frame of a body that cannot go on.
///
/// An HTTP body must not look complete, so it fails, and the server cuts the connection or resets the stream.
pub(super) fn early_end(protocol: Protocol, error: Error) -> Result<Frame<Bytes>, BoxError> {
    match protocol {
        Protocol::Grpc => {
            let mut trailers = HeaderMap::new();
            Status::from(error).add_header(&mut trailers)?;
            Ok(Frame::trailers(trailers))
        }
        Protocol::Http => {
            error.record();
            Err(Box::new(error))
        }
    }
}
