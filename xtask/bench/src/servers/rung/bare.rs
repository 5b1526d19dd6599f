//! The lowest rung: the handlers on axum and tonic, and nothing else.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use super::super::answers::{self, Echo, User};
use crate::plain::users_client::UsersClient;
use crate::plain::users_server::{self, UsersServer};
use crate::plain::{EchoReply, EchoRequest, GetUserRequest, User as Found};

/// The paths of `count` routes, all of them for users but the one that echoes.
pub(super) fn paths(count: u32) -> Vec<String> {
    let others = (2..count).map(|number| format!("/v1/things{number}/{{id}}"));
    std::iter::once("/v1/users/{id}".to_owned())
        .chain(others)
        .collect()
}

/// The routes of the gateway.
pub(super) fn router(paths: &[String], channel: Channel) -> Router {
    let echo = Router::new().route("/v1/echo", post(echo));
    paths
        .iter()
        .fold(echo, |router, path| router.route(path, get(user)))
        .with_state(UsersClient::new(channel))
}

async fn user(
    State(mut users): State<UsersClient<Channel>>,
    Path(id): Path<String>,
) -> Result<Json<User>, StatusCode> {
    let found = users.get_user(GetUserRequest { id }).await;
    let user = found.map_err(|_| StatusCode::BAD_GATEWAY)?.into_inner();
    Ok(Json(User {
        id: user.id,
        name: user.name,
        email: user.email,
        role: user.role,
    }))
}

async fn echo(
    State(mut users): State<UsersClient<Channel>>,
    Json(Echo { text }): Json<Echo>,
) -> Result<Json<Echo>, StatusCode> {
    let echoed = users.echo(EchoRequest { text }).await;
    let echoed = echoed.map_err(|_| StatusCode::BAD_GATEWAY)?.into_inner();
    Ok(Json(Echo { text: echoed.text }))
}

struct Users;

/// The service behind the gateway.
pub(super) fn users() -> impl tower::Service<
    http::Request<tonic::body::Body>,
    Response = http::Response<tonic::body::Body>,
    Error = std::convert::Infallible,
    Future: Send,
> + tonic::server::NamedService
+ Clone
+ Send
+ Sync
+ 'static {
    UsersServer::new(Users)
}

#[tonic::async_trait]
impl users_server::Users for Users {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<Found>, Status> {
        let user = answers::user(request.into_inner().id);
        Ok(Response::new(Found {
            id: user.id,
            name: user.name,
            email: user.email,
            role: user.role,
        }))
    }

    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoReply>, Status> {
        let text = request.into_inner().text;
        Ok(Response::new(EchoReply { text }))
    }
}
