//! The gateway, on msf.

use std::path::PathBuf;
use std::process::ExitCode;

use msf_service::Info;
use msf_service::auth::identity::ServiceIdentity;
use msf_service::auth::keys::{KeyRing, RotationPolicy};
use msf_service::auth::token::{AccessTokens, AccessVerifier, NewAccess};
use msf_service::client::Channel;
use msf_service::prelude::*;

use super::answers::{Echo, User};
use super::{AUDIENCE, GATEWAY, ISSUER, USERS};
use crate::pb::{self, users_client::UsersClient};

/// Settings of the gateway.
#[derive(Debug, Settings)]
pub(super) struct Config {
    /// The folder with its keys. Without it anybody may call.
    keys: Option<PathBuf>,
    /// How many routes there are.
    #[setting(default = 2)]
    routes: u32,
}

type Client = UsersClient<Channel>;

async fn user(
    State(mut users): State<Client>,
    Path(id): Path<String>,
) -> Result<Json<User>, Error> {
    let request = pb::GetUserRequest { id };
    let user = users
        .get_user(request)
        .await
        .map_err(|status| Error::from_call(&status))?
        .into_inner();
    Ok(Json(User {
        id: user.id,
        name: user.name,
        email: user.email,
        role: user.role,
    }))
}

async fn echo(
    State(mut users): State<Client>,
    Json(Echo { text }): Json<Echo>,
) -> Result<Json<Echo>, Error> {
    let echoed = users.echo(pb::EchoRequest { text }).await;
    let echoed = echoed
        .map_err(|status| Error::from_call(&status))?
        .into_inner();
    Ok(Json(Echo { text: echoed.text }))
}

pub(super) async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let channel = boot.client(USERS)?;
    let rule = || match boot.config.keys {
        Some(_) => Rule::authenticated("of any role"),
        None => Rule::public("measured without tokens"),
    };
    let mut routes =
        Routes::new()
            .get("/v1/users/{id}", rule(), user)
            .post("/v1/echo", rule(), echo);
    for number in 2..boot.config.routes {
        routes = routes.get(&format!("/v1/things{number}/{{id}}"), rule(), user);
    }
    let Some(folder) = &boot.config.keys else {
        return Ok(App::new().http(routes.with_state(UsersClient::new(channel))));
    };
    let ring = KeyRing::open(folder, boot.clock(), RotationPolicy::default())?;
    let tokens = AccessTokens::new(ring.clone(), ISSUER, AUDIENCE);
    let issued = tokens.issue(&NewAccess::new("user-7", "session-1", "bench").role("user"))?;
    boot.announcer().announce("token", issued.token.expose());
    let verifier = AccessVerifier::new(ring.clone(), ISSUER, AUDIENCE);
    let identity = ServiceIdentity::new(GATEWAY, ring);
    let channel = channel.identify(identity.on_behalf());
    Ok(App::new()
        .authenticate(verifier)
        .http(routes.with_state(UsersClient::new(channel))))
}

/// Runs the gateway.
pub fn main() -> ExitCode {
    msf_service::run(Info::new(GATEWAY, env!("CARGO_PKG_VERSION")), app)
}
