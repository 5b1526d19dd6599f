//! Answers that nobody on the way may keep.

use msf_service::axum::http::HeaderValue;
use msf_service::axum::http::header::{CACHE_CONTROL, PRAGMA};
use msf_service::axum::response::{IntoResponse, Response};
use msf_service::http::Json;
use serde::Serialize;

/// JSON that holds tokens: RFC 6749, 5.1.
pub(super) struct NoStore<T>(pub(super) T);

impl<T: Serialize> IntoResponse for NoStore<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.0).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        response
    }
}
