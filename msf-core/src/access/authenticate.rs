//! The layer that finds out who is calling.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::future::BoxFuture;
use http::Request;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{Authenticator, FailureLimit, Identity, Principal};
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
    type Future = AuthenticateFuture<S::Future, S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let context = context_of(&mut request);
        let (authenticator, limit) = (&*self.authenticator, self.limit.as_ref());
        if let Some(identity) = known(authenticator, limit, &request) {
            context.set_identity(identity);
            return AuthenticateFuture {
                way: Way::AtOnce {
                    future: self.inner.call(request),
                },
            };
        }
        // The service that was polled ready has to be the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (authenticator, limit) = (Arc::clone(&self.authenticator), self.limit.clone());
        let future = Box::pin(async move {
            let answer = authenticator.authenticate(request.headers()).await;
            context.set_identity(judge(&*authenticator, limit.as_ref(), &request, answer));
            inner.call(request).await
        });
        AuthenticateFuture {
            way: Way::Waits { future },
        }
    }
}

fn context_of<B>(request: &mut Request<B>) -> Context {
    if let Some(context) = request.extensions().get::<Context>() {
        return context.clone();
    }
    let context = Context::extract(request.headers());
    request.extensions_mut().insert(context.clone());
    context
}

/// Who sent `request`, where nobody has to be asked.
fn known<B>(
    authenticator: &dyn Authenticator,
    limit: Option<&FailureLimit>,
    request: &Request<B>,
) -> Option<Identity> {
    let wait = limit
        .filter(|_| authenticator.has_credentials(request.headers()))
        .and_then(|limit| limit.wait(limit.source(request.extensions())?));
    if let Some(wait) = wait {
        return Some(Identity::Refused(
            Error::of(Kind::TooManyRequests).with_retry_after(wait),
        ));
    }
    let answer = authenticator.known(request.headers())?;
    Some(judge(authenticator, limit, request, answer))
}

/// What `answer` makes of the sender; a guess counts.
fn judge<B>(
    authenticator: &dyn Authenticator,
    limit: Option<&FailureLimit>,
    request: &Request<B>,
    answer: Result<Option<Principal>, Error>,
) -> Identity {
    match answer {
        Ok(None) => Identity::Anonymous,
        Ok(Some(principal)) => Identity::Known(principal),
        Err(error) => {
            let is_guess =
                authenticator.has_credentials(request.headers()) && authenticator.is_guess(&error);
            if let Some(limit) = limit.filter(|_| is_guess)
                && let Some(source) = limit.source(request.extensions())
            {
                limit.note(source);
            }
            Identity::Refused(error)
        }
    }
}

pin_project! {
    /// The future of [`AuthenticateService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct AuthenticateFuture<F, R, E> {
        #[pin]
        way: Way<F, R, E>,
    }
}

pin_project! {
    #[project = WayProjection]
    enum Way<F, R, E> {
        AtOnce { #[pin] future: F },
        Waits { future: BoxFuture<'static, Result<R, E>> },
    }
}

impl<F, R, E> fmt::Debug for AuthenticateFuture<F, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for AuthenticateFuture<F, R, E>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.project().way.project() {
            WayProjection::AtOnce { future } => future.poll(cx),
            WayProjection::Waits { future } => future.as_mut().poll(cx),
        }
    }
}
