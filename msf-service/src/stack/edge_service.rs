//! A whole app as one service.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::BoxFuture;
use tower::ServiceExt as _;
use tower_service::Service;

/// An app, ready for a socket or for calls in process. A clone is a reference count; a request costs one box, here.
#[derive(Clone)]
pub(crate) struct EdgeService(Arc<dyn Answers>);

type Answer = BoxFuture<'static, Result<Response, Infallible>>;

trait Answers: Send + Sync {
    fn answer(&self, request: Request) -> Answer;
}

impl<S> Answers for S
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    fn answer(&self, request: Request) -> Answer {
        Box::pin(self.clone().oneshot(request))
    }
}

impl EdgeService {
    pub(super) fn new<S>(service: S) -> Self
    where
        S: Service<Request, Response = Response, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        Self(Arc::new(service))
    }
}

impl Service<Request> for EdgeService {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // What has to be waited for is waited for by the request, within its deadline.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.0.answer(request)
    }
}

impl fmt::Debug for EdgeService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeService").finish_non_exhaustive()
    }
}
