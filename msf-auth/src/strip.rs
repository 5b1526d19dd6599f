//! Headers in which a proxy names the user, and which a client must not bring.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Request};
use tower_layer::Layer;
use tower_service::Service;

const NAMES: [&str; 10] = [
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-access-token",
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-remote-user",
];
const PREFIXES: [&str; 2] = ["x-msf-", "x-auth-request-"];

/// Removes the headers in which a proxy would name the user, before anything behind it can believe them.
///
/// These go: `x-msf-*`, `x-auth-request-*`, `x-forwarded-user`, `-email`, `-groups`, `-preferred-username`,
/// `-access-token`, `remote-user`, `-name`, `-email`, `-groups` and `x-remote-user`; also with `_` in place of any `-`
/// (CGI and some proxies read both alike), in any case, and as often as they are there. `authorization` stays.
///
/// Put it at the edge, outside of every layer that looks at headers. A `Connection` header that names one of ours removes
/// nothing that counts: msf keeps who is calling in the request's context, and proves it to callees with a signed token.
///
/// ```
/// use axum::{Router, routing::get};
/// use msf_auth::StripIdentityHeaders;
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(StripIdentityHeaders::new().name("x-employee-number").prefix("x-acme-"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct StripIdentityHeaders {
    own: Arc<Own>,
}

/// Names that the user of the layer added, in lower case with `-`.
#[derive(Clone, Debug, Default)]
struct Own {
    names: Vec<String>,
    prefixes: Vec<String>,
}

impl StripIdentityHeaders {
    /// Removes the headers listed above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Removes the header of this name too.
    pub fn name(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.own).names.push(plain(name));
        self
    }

    /// Removes the headers whose names begin so too.
    pub fn prefix(mut self, prefix: &str) -> Self {
        Arc::make_mut(&mut self.own).prefixes.push(plain(prefix));
        self
    }

    /// Removes them from `headers`.
    pub fn strip(&self, headers: &mut HeaderMap) {
        let doomed: Vec<_> = headers
            .keys()
            .filter(|name| self.own.has(name.as_str()))
            .cloned()
            .collect();
        for name in doomed {
            headers.remove(name);
        }
    }
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

impl Own {
    fn has(&self, name: &str) -> bool {
        // `http` keeps names in lower case.
        let same = |own: &str| own.len() == name.len() && begins(name, own);
        NAMES.into_iter().any(same)
            || self.names.iter().any(|own| same(own))
            || PREFIXES.into_iter().any(|prefix| begins(name, prefix))
            || self.prefixes.iter().any(|prefix| begins(name, prefix))
    }
}

/// Whether `name` begins with `prefix`, with `_` for `-`.
fn begins(name: &str, prefix: &str) -> bool {
    name.len() >= prefix.len()
        && name
            .bytes()
            .zip(prefix.bytes())
            .all(|(byte, own)| byte == own || (byte == b'_' && own == b'-'))
}

impl<S> Layer<S> for StripIdentityHeaders {
    type Service = StripIdentityHeadersService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        StripIdentityHeadersService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`StripIdentityHeaders`] makes.
#[derive(Clone, Debug)]
pub struct StripIdentityHeadersService<S> {
    inner: S,
    layer: StripIdentityHeaders,
}

impl<S, B> Service<Request<B>> for StripIdentityHeadersService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.layer.strip(request.headers_mut());
        self.inner.call(request)
    }
}
