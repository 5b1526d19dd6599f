//! The gateway's routes on the rungs above the lowest, and what they call through.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use http::header::AUTHORIZATION;
use msf_core::BoxError;
use msf_core::access::{AccessLayer, CallIdentity, Head, Rule};
use msf_core::context::Context;
use msf_core::observe::Route;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::transport::Channel;
use tower::Service;

use super::super::answers::{Echo, User};
use crate::pb::users_client::UsersClient;
use crate::pb::{EchoRequest, GetUserRequest};

/// tonic's channel, with the current context in each call.
#[derive(Clone)]
pub(super) struct Injecting(Channel);

/// The same, with the proof of who calls.
#[derive(Clone)]
pub(super) struct Proving {
    channel: Injecting,
    identity: Arc<dyn CallIdentity>,
    callee: &'static str,
}

impl Injecting {
    pub(super) fn new(channel: Channel) -> Self {
        Self(channel)
    }
}

impl Proving {
    pub(super) fn new(channel: Channel, identity: impl CallIdentity, callee: &'static str) -> Self {
        Self {
            channel: Injecting(channel),
            identity: Arc::new(identity),
            callee,
        }
    }
}

impl Service<http::Request<Body>> for Injecting {
    type Response = <Channel as Service<http::Request<Body>>>::Response;
    type Error = <Channel as Service<http::Request<Body>>>::Error;
    type Future = <Channel as Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        if let Some(context) = Context::current() {
            // Nothing sets a deadline that could have passed here.
            let _ = context.child().inject(request.headers_mut());
        }
        Service::call(&mut self.0, request)
    }
}

impl Service<http::Request<Body>> for Proving {
    type Response = <Channel as Service<http::Request<Body>>>::Response;
    type Error = <Channel as Service<http::Request<Body>>>::Error;
    type Future = <Channel as Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.channel, cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let context = Context::current();
        let principal = context.as_ref().and_then(Context::principal);
        // A call without proof is refused, and that voids the window.
        if let Ok(proof) = self.identity.header(principal, self.callee) {
            request.headers_mut().insert(AUTHORIZATION, proof);
        }
        Service::call(&mut self.channel, request)
    }
}

/// The routes of the gateway, each behind `rule` where there is one.
pub(super) fn router<C>(paths: &[String], channel: C, rule: Option<Rule<Head>>) -> Router
where
    C: GrpcService<Body, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    C::ResponseBody: http_body::Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
{
    let guard = |path: &str, method: axum::routing::MethodRouter<UsersClient<C>>| match &rule {
        Some(rule) => {
            let route = Route::http(path.to_owned());
            method.route_layer(AccessLayer::new(rule.clone()).route(route))
        }
        None => method,
    };
    let echo = Router::new().route("/v1/echo", guard("/v1/echo", post(echo::<C>)));
    paths
        .iter()
        .fold(echo, |router, path| {
            router.route(path, guard(path, get(user::<C>)))
        })
        .with_state(UsersClient::new(channel))
}

async fn user<C>(
    State(mut users): State<UsersClient<C>>,
    Path(id): Path<String>,
) -> Result<Json<User>, StatusCode>
where
    C: GrpcService<Body, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    C::ResponseBody: http_body::Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
{
    let found = users.get_user(GetUserRequest { id }).await;
    let user = found.map_err(|_| StatusCode::BAD_GATEWAY)?.into_inner();
    Ok(Json(User {
        id: user.id,
        name: user.name,
        email: user.email,
        role: user.role,
    }))
}

async fn echo<C>(
    State(mut users): State<UsersClient<C>>,
    Json(Echo { text }): Json<Echo>,
) -> Result<Json<Echo>, StatusCode>
where
    C: GrpcService<Body, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    C::ResponseBody: http_body::Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
{
    let echoed = users.echo(EchoRequest { text }).await;
    let echoed = echoed.map_err(|_| StatusCode::BAD_GATEWAY)?.into_inner();
    Ok(Json(Echo { text: echoed.text }))
}
