//! The layer that finds out who is calling.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::future::BoxFuture;
use http::{HeaderMap, Request};
use tower_layer::Layer;
use tower_service::Service;

use super::{Authenticator, FailureLimit, Identity};
use crate::context::Context;
use crate::error::{Error, Kind};

/// Asks an [`Authenticator`] who sent each request and keeps the answer in its context.
///
/// It refuses nobody: that is for the rule of the route or RPC. Put it inside of
/// [`ContextLayer`](crate::context::ContextLayer); without that layer it adds a context of its own.
///
/// ```
/// use msf_core::access::{AuthenticateLayer, Authenticator};
/// fn layer(verifier: impl Authenticator) -> AuthenticateLayer {
///     AuthenticateLayer::new(verifier)
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct AuthenticateLayer {
    authenticator: Arc<dyn Authenticator>,
    limit: Option<FailureLimit>,
}

impl AuthenticateLayer {
    /// Makes the layer.
    pub fn new(authenticator: impl Authenticator) -> Self {
        Self {
            authenticator: Arc::new(authenticator),
            limit: None,
        }
    }

    /// Bounds how often one address may come with bad credentials. Default: no bound.
    pub fn limit_failures(mut self, limit: FailureLimit) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl fmt::Debug for AuthenticateLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for AuthenticateLayer {
    type Service = AuthenticateService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticateService {
            inner,
            authenticator: Arc::clone(&self.authenticator),
            limit: self.limit.clone(),
        }
    }
}

/// The service that [`AuthenticateLayer`] makes.
#[derive(Clone)]
pub struct AuthenticateService<S> {
    inner: S,
    authenticator: Arc<dyn Authenticator>,
    limit: Option<FailureLimit>,
}

impl<S: fmt::Debug> fmt::Debug for AuthenticateService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<S, ReqBody> Service<Request<ReqBody>> for AuthenticateService<S>
where
    S: Service<Request<ReqBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = AuthenticateFuture<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let authenticator = Arc::clone(&self.authenticator);
        let limit = self.limit.clone();
        AuthenticateFuture(Box::pin(async move {
            let context = request
                .extensions()
                .get::<Context>()
                .cloned()
                .unwrap_or_else(|| {
                    let context = Context::extract(request.headers());
                    request.extensions_mut().insert(context.clone());
                    context
                });
            let source = limit
                .as_ref()
                .and_then(|limit| Some((limit, limit.source(request.extensions())?)));
            context.set_identity(identify(&*authenticator, source, request.headers()).await);
            inner.call(request).await
        }))
    }
}

async fn identify(
    authenticator: &dyn Authenticator,
    source: Option<(&FailureLimit, IpAddr)>,
    headers: &HeaderMap,
) -> Identity {
    let limited = source.filter(|_| authenticator.has_credentials(headers));
    if let Some(wait) = limited.and_then(|(limit, source)| limit.wait(source)) {
        return Identity::Refused(Error::of(Kind::TooManyRequests).with_retry_after(wait));
    }
    match authenticator.authenticate(headers).await {
        Ok(None) => Identity::Anonymous,
        Ok(Some(principal)) => Identity::Known(principal),
        Err(error) => {
            if let Some((limit, source)) = limited.filter(|_| authenticator.is_guess(&error)) {
                limit.note(source);
            }
            Identity::Refused(error)
        }
    }
}

/// The future of [`AuthenticateService`].
#[must_use = "futures do nothing unless polled"]
pub struct AuthenticateFuture<R, E>(BoxFuture<'static, Result<R, E>>);

impl<R, E> fmt::Debug for AuthenticateFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateFuture").finish_non_exhaustive()
    }
}

impl<R, E> Future for AuthenticateFuture<R, E> {
    type Output = Result<R, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}
