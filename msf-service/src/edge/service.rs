//! The user's service as hyper calls it: each request is counted until its answer is complete.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use msf_core::error::Protocol;
use pin_project_lite::pin_project;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tower::util::{Oneshot, ServiceExt};
use tower_service::Service;

use super::activity::{Activity, Owed};
use super::body::{OwedBody, shutting_down};
use super::peer::Peer;

/// One connection's service.
pub(super) struct PerConnection<S> {
    service: S,
    peer: Peer,
    activity: Arc<Activity>,
    end: CancellationToken,
}

impl<S> PerConnection<S> {
    pub(super) fn new(
        service: S,
        peer: Peer,
        activity: Arc<Activity>,
        end: CancellationToken,
    ) -> Self {
        Self {
            service,
            peer,
            activity,
            end,
        }
    }
}

impl<S> hyper::service::Service<Request<Incoming>> for PerConnection<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    type Response = Response<OwedBody>;
    type Error = Infallible;
    type Future = Answer<S>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let version = request.version();
        let owed = Owed::begin(&self.activity, version);
        let protocol = Protocol::of(&request);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        Answer {
            inner: self.service.clone().oneshot(request),
            owed: Some(owed),
            version,
            protocol,
            end: self.end.clone(),
            ended: None,
        }
    }
}

pin_project! {
    /// The answer to one request, or the word that there will be none.
    pub(super) struct Answer<S>
    where
        S: Service<Request<Body>>,
    {
        #[pin]
        inner: Oneshot<S, Request<Body>>,
        owed: Option<Owed>,
        version: Version,
        protocol: Protocol,
        end: CancellationToken,
        #[pin]
        ended: Option<WaitForCancellationFutureOwned>,
    }
}

impl<S> Future for Answer<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Output = Result<Response<OwedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = if let Poll::Ready(Ok(response)) = this.inner.poll(cx) {
            response
        } else {
            if this.ended.is_none() {
                this.ended.set(Some(this.end.clone().cancelled_owned()));
            }
            if let Some(ended) = this.ended.as_mut().as_pin_mut() {
                ready!(ended.poll(cx));
            }
            if let Some(owed) = this.owed.as_ref() {
                owed.ended_by_stop();
            }
            let mut answer = this.protocol.respond(shutting_down());
            if *this.version < Version::HTTP_2 {
                // The word to leave may not have come to the connection yet.
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            answer
        };
        let Some(owed) = this.owed.take() else {
            return Poll::Pending;
        };
        let (protocol, end) = (*this.protocol, this.end.clone());
        Poll::Ready(Ok(
            response.map(|body| OwedBody::new(body, owed, protocol, end))
        ))
    }
}
