//! A JWKS over HTTP.

use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use msf_core::BoxError;
use tower_service::Service;

use super::remote::{KeySource, MAX_DOCUMENT};

/// Fetches a JWKS with one GET, over any HTTP client that is a tower service.
///
/// hyper-util's `Client` is one, tonic's channel is, and so is the gRPC client channel of msf-service, which then gets the
/// path alone as URI. `B` is the body of the client's requests; its default has to be an empty one, as it is of
/// `http_body_util::Empty`, `axum::body::Body` and `tonic::body::Body`.
///
/// Only a 200 counts, and a redirection is not followed. At most 64 KiB are read. Use `https` wherever the network is not
/// your own: who can change this answer can sign for the issuer.
///
/// ```
/// use msf_auth::keys::{HttpKeys, RemoteKeys};
/// use tonic::transport::Endpoint;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let channel = Endpoint::from_static("http://auth-service:8081").connect_lazy();
/// let uri = http::Uri::from_static("/.well-known/jwks.json");
/// let keys = RemoteKeys::new(HttpKeys::new(channel, uri));
/// # let _ = keys;
/// # });
/// ```
pub struct HttpKeys<S, B> {
    service: S,
    uri: Uri,
    body: PhantomData<fn() -> B>,
}

impl<S, B> HttpKeys<S, B> {
    /// Asks `service` for `uri`.
    pub fn new<R>(service: S, uri: Uri) -> Self
    where
        S: Service<Request<B>, Response = Response<R>>,
    {
        Self {
            service,
            uri,
            body: PhantomData,
        }
    }
}

impl<S, B, R> KeySource for HttpKeys<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Default + Send + 'static,
    R: Body + Send + 'static,
    R::Data: Send,
    R::Error: Into<BoxError>,
{
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        let mut service = self.service.clone();
        Box::pin(async move {
            let failed = |cause: Cause| FetchFailed {
                uri: self.uri.clone(),
                cause,
            };
            let mut request = Request::new(B::default());
            *request.uri_mut() = self.uri.clone();
            std::future::poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(|error| failed(Cause::NoAnswer(error.into())))?;
            let response = service
                .call(request)
                .await
                .map_err(|error| failed(Cause::NoAnswer(error.into())))?;
            if response.status() != StatusCode::OK {
                return Err(failed(Cause::Status(response.status())).into());
            }
            let body = Limited::new(response.into_body(), MAX_DOCUMENT);
            match body.collect().await {
                Ok(body) => Ok(body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => Err(failed(Cause::TooLong).into()),
                Err(error) => Err(failed(Cause::BrokeOff(error)).into()),
            }
        })
    }
}

impl<S, B> fmt::Debug for HttpKeys<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpKeys")
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}

/// A JWKS could not be fetched over HTTP. It names the address and what happened, and nothing of the answer.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use msf_auth::keys::{HttpKeys, KeySource as _};
/// let moved = tower::service_fn(|_: http::Request<axum::body::Body>| async {
///     let status = http::StatusCode::FOUND;
///     Ok::<_, std::io::Error>(http::Response::builder().status(status).body(axum::body::Body::empty()).unwrap())
/// });
/// let keys = HttpKeys::new(moved, http::Uri::from_static("http://idp/keys"));
/// assert_eq!(keys.fetch().await.unwrap_err().to_string(), "GET http://idp/keys: answered 302 Found");
/// # });
/// ```
pub struct FetchFailed {
    uri: Uri,
    cause: Cause,
}

enum Cause {
    NoAnswer(BoxError),
    Status(StatusCode),
    TooLong,
    BrokeOff(BoxError),
}

impl fmt::Display for FetchFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = &self.uri;
        if let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) {
            // Neither the user's part nor the query: some put secrets there.
            let host = authority.as_str().rsplit('@').next().unwrap_or_default();
            write!(f, "GET {scheme}://{host}{}: ", uri.path())?;
        } else {
            write!(f, "GET {}: ", uri.path())?;
        }
        match &self.cause {
            Cause::NoAnswer(_) => f.write_str("no answer"),
            Cause::Status(status) => write!(f, "answered {status}"),
            Cause::TooLong => write!(f, "the answer is longer than {MAX_DOCUMENT} bytes"),
            Cause::BrokeOff(_) => f.write_str("the answer broke off"),
        }
    }
}

impl fmt::Debug for FetchFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchFailed({self})")
    }
}

impl StdError for FetchFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::NoAnswer(error) | Cause::BrokeOff(error) => Some(&**error),
            Cause::Status(_) | Cause::TooLong => None,
        }
    }
}
