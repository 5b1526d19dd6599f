//! The way past all bounds, for the few paths that tell how the app is.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use futures_util::FutureExt as _;
use futures_util::future::{self, Map};
use http::Response;
use http_body_util::Either;
use msf_core::health::Probe;
use tonic::server::NamedService as _;
use tonic_health::pb::health_server::HealthServer;
use tower_service::Service;

/// Sends probes to `probes` and everything else to the service behind the bounds.
#[derive(Clone, Debug)]
pub(super) struct PastBounds<S> {
    probes: Router,
    bounded: S,
}

type Answer<A> = Result<Response<A>, Infallible>;
type Mapped<F, A, B> = Map<F, fn(Answer<A>) -> Answer<Either<Body, B>>>;

impl<S> PastBounds<S> {
    pub(super) fn new(probes: Router, bounded: S) -> Self {
        Self { probes, bounded }
    }
}

impl<S, B> Service<Request> for PastBounds<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<Either<Body, B>>;
    type Error = Infallible;
    type Future = future::Either<
        Mapped<<Router as Service<Request>>::Future, Body, B>,
        Mapped<S::Future, B, B>,
    >;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        self.bounded.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if is_past_bounds(request.uri().path()) {
            let answer = self.probes.call(request);
            return future::Either::Left(answer.map(|answer| answer.map(left)));
        }
        let answer = self.bounded.call(request);
        future::Either::Right(answer.map(|answer| answer.map(right)))
    }
}

fn left<B>(response: Response<Body>) -> Response<Either<Body, B>> {
    response.map(Either::Left)
}

fn right<B>(response: Response<B>) -> Response<Either<Body, B>> {
    response.map(Either::Right)
}

fn is_past_bounds(path: &str) -> bool {
    let rpc = path.strip_prefix('/').and_then(|path| {
        path.strip_prefix(HealthServer::<()>::NAME)?
            .strip_prefix('/')
    });
    rpc.is_some() || Probe::ALL.iter().any(|probe| probe.path() == path)
}
