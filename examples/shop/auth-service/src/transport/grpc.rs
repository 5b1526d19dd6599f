//! gRPC in, use cases out.

use msf_service::context::Context;
use msf_service::error::{Error, Kind};
use msf_service::prelude::*;
use shop_proto::auth as pb;

use crate::application::{
    AccessTokens, Directory, FailedLogins, Login, Logout, Refresh, Sessions, Tokens,
};

/// The RPCs of the auth-service.
#[derive(Clone)]
pub(crate) struct Transport<D, S, A, F> {
    pub(crate) login: Login<D, S, A, F>,
    pub(crate) refresh: Refresh<D, S, A>,
    pub(crate) logout: Logout<S>,
}

#[async_trait]
impl<D: Directory, S: Sessions, A: AccessTokens, F: FailedLogins> pb::AuthService
    for Transport<D, S, A, F>
{
    async fn login(
        &self,
        request: Request<pb::LoginRequest>,
    ) -> Result<Response<pb::LoginResponse>, Status> {
        let pb::LoginRequest { email, password } = request.into_inner();
        let tokens = Some(message(self.login.run(email, password).await?));
        Ok(Response::new(pb::LoginResponse { tokens }))
    }

    async fn refresh(
        &self,
        request: Request<pb::RefreshRequest>,
    ) -> Result<Response<pb::RefreshResponse>, Status> {
        let tokens = self
            .refresh
            .run(&request.into_inner().refresh_token)
            .await?;
        let tokens = Some(message(tokens));
        Ok(Response::new(pb::RefreshResponse { tokens }))
    }

    async fn logout(
        &self,
        request: Request<pb::LogoutRequest>,
    ) -> Result<Response<pb::LogoutResponse>, Status> {
        let context = Context::current();
        let caller = context.as_ref().and_then(Context::principal);
        let caller = caller.ok_or_else(|| Error::of(Kind::Unauthenticated))?;
        self.logout
            .run(caller.subject(), &request.into_inner().refresh_token)
            .await?;
        Ok(Response::new(pb::LogoutResponse {}))
    }
}

fn message(tokens: Tokens) -> pb::Tokens {
    pb::Tokens {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        expires_in: u32::try_from(tokens.expires_in.as_secs()).unwrap_or(u32::MAX),
    }
}
