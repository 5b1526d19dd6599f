//! Answers that say which version they show.

use msf_service::axum::http::header::ETAG;
use msf_service::axum::http::{HeaderValue, StatusCode};
use msf_service::axum::response::{IntoResponse, Response};
use msf_service::http::Json;
use msf_service::openapi::Operation;
use serde::Serialize;

use super::if_none_match::IfNoneMatch;

/// JSON with a strong `ETag`.
pub(super) struct Tagged<T> {
    pub(super) tag: Tag,
    pub(super) body: T,
}

/// What is between the quotes of an `ETag`.
///
/// It tells all that one address ever answers apart: a client, and the cache of a browser, keep an answer by its address and tag
/// alone.
#[derive(Debug)]
pub(super) struct Tag(String);

impl Tag {
    /// Of an address that shows one thing: its version.
    pub(super) fn version(version: u64) -> Self {
        Self(version.to_string())
    }

    /// Of an address that shows each caller another thing: version 1 of one is not version 1 of the next.
    pub(super) fn of(id: &str, version: u64) -> Self {
        Self(format!("{id}.{version}"))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn header(&self) -> HeaderValue {
        // Ids, digits and quotes are always a header value.
        HeaderValue::from_str(&format!("\"{}\"", self.0))
            .unwrap_or(HeaderValue::from_static("\"\""))
    }
}

impl<T: Serialize> Tagged<T> {
    /// 304, with the tag alone, for a client that has this version.
    pub(super) fn unless(self, had: &IfNoneMatch) -> Response {
        if had.has(&self.tag) {
            return (StatusCode::NOT_MODIFIED, [(ETAG, self.tag.header())]).into_response();
        }
        self.into_response()
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(ETAG, self.tag.header())], Json(self.body)).into_response()
    }
}

/// Describes a read of one thing: its tag, and the 304 for who has it.
pub(super) fn conditional(operation: Operation) -> Operation {
    let unchanged = "The client has this version";
    operation
        .header("if-none-match", "Entity tags of what the client has")
        .answer_header(StatusCode::OK, "etag", "The version")
        .answers_empty(StatusCode::NOT_MODIFIED, unchanged)
        .answer_header(StatusCode::NOT_MODIFIED, "etag", "The version")
}
