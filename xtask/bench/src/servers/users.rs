//! The service behind the gateway, on msf.

use std::path::PathBuf;
use std::process::ExitCode;

use msf_service::Info;
use msf_service::auth::identity::IdentityVerifier;
use msf_service::auth::keys::{KeyRing, RotationPolicy};
use msf_service::prelude::*;

use super::{GATEWAY, USERS, answers};
use crate::pb;

/// Settings of the service.
#[derive(Debug, Settings)]
pub(super) struct Config {
    /// The folder with the keys of the gateway. Without it anybody may call.
    keys: Option<PathBuf>,
}

/// Knows every user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Users;

#[async_trait]
impl pb::Users for Users {
    async fn get_user(
        &self,
        request: Request<pb::GetUserRequest>,
    ) -> Result<Response<pb::User>, Status> {
        let user = answers::user(request.into_inner().id);
        Ok(Response::new(pb::User {
            id: user.id,
            name: user.name,
            email: user.email,
            role: user.role,
        }))
    }

    async fn echo(
        &self,
        request: Request<pb::EchoRequest>,
    ) -> Result<Response<pb::EchoReply>, Status> {
        let text = request.into_inner().text;
        Ok(Response::new(pb::EchoReply { text }))
    }
}

/// Who may call what: anybody, or whom the gateway has let in.
pub(super) fn access(with_tokens: bool) -> pb::UsersAccess {
    fn rule<T>(with_tokens: bool) -> Rule<T> {
        if with_tokens {
            Rule::authenticated("of any role")
        } else {
            Rule::public("measured without tokens")
        }
    }
    pb::UsersAccess {
        get_user: rule(with_tokens),
        echo: rule(with_tokens),
    }
}

pub(super) async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let guarded = pb::guard_users(Users, access(boot.config.keys.is_some()));
    let app = App::new().grpc(guarded);
    let Some(folder) = &boot.config.keys else {
        return Ok(app);
    };
    let ring = KeyRing::open(folder, boot.clock(), RotationPolicy::default())?;
    let callers = IdentityVerifier::new(boot.name()).trust_for_users(GATEWAY, ring);
    Ok(app.authenticate(callers))
}

/// Runs the service.
pub fn main() -> ExitCode {
    msf_service::run(Info::new(USERS, env!("CARGO_PKG_VERSION")), app)
}
