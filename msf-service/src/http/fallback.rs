//! What answers where nothing else does.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use msf_core::error::{Error, Kind, Protocol};

/// 404, or UNIMPLEMENTED as gRPC has it for a path that it does not know.
pub(crate) async fn not_found(request: Request<Body>) -> Response {
    match Protocol::of(&request) {
        Protocol::Http => Protocol::Http.respond(Error::of(Kind::NotFound)),
        Protocol::Grpc => Protocol::Grpc.respond(Error::of(Kind::Unimplemented)),
    }
}

/// 405; axum adds the `Allow` header.
pub(crate) async fn method_not_allowed() -> Error {
    Error::of(Kind::MethodNotAllowed)
}
