//! What every request to the admin port passes.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method};
use http_body_util::Limited;
use msf_core::error::{Error, Kind};

/// The largest body that anything here reads, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// Bounds the body, refuses what another site wants to change, and forbids caches to keep the answer.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = if is_from_another_site(&request) {
        let message = "the admin port takes no changes from pages of other sites, and from its own only where they were \
                       asked for by an IP address or as `localhost`";
        Error::new(Kind::Forbidden, "admin.other_site", message).into_response()
    } else {
        next.run(request.map(|body| Body::new(Limited::new(body, MAX_BODY))))
            .await
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A browser says with `Origin` which site a request that changes something comes from; programs do not send it.
fn is_from_another_site(request: &Request) -> bool {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return false;
    }
    let Some(origin) = request.headers().get(ORIGIN) else {
        return false;
    };
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    origin.is_none_or(|(_, site)| Some(site) != host || !is_address(site))
}

/// Whether nobody else can have given out this name: whose a name in the DNS is, and where it leads, its owner says and may
/// say anew after the page has come (DNS rebinding).
fn is_address(site: &str) -> bool {
    let host = match site.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => site,
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost") || bare.unwrap_or(host).parse::<IpAddr>().is_ok()
}
