//! Calls to the auth-service.

use msf_service::auth::identity::ServiceIdentity;
use msf_service::client::Channel;
use msf_service::error::Error;
use shop_proto::auth as pb;

use super::failure::of_own_call;

/// The auth-service, called as the gateway itself and on behalf of users.
#[derive(Clone, Debug)]
pub(crate) struct AuthService {
    own: pb::AuthServiceClient,
    for_user: pb::AuthServiceClient,
}

impl AuthService {
    pub(crate) fn new(channel: &Channel, identity: &ServiceIdentity) -> Self {
        Self {
            own: pb::AuthServiceClient::new(channel.clone().identify(identity.itself())),
            for_user: pb::AuthServiceClient::new(channel.clone().identify(identity.on_behalf())),
        }
    }

    pub(crate) async fn login(&self, email: String, password: String) -> Result<pb::Tokens, Error> {
        let request = pb::LoginRequest { email, password };
        let answer = self.own.clone().login(request).await;
        let tokens = answer
            .map_err(|status| of_own_call(&status))?
            .into_inner()
            .tokens;
        tokens.ok_or_else(nothing)
    }

    pub(crate) async fn refresh(&self, refresh_token: String) -> Result<pb::Tokens, Error> {
        let request = pb::RefreshRequest { refresh_token };
        let answer = self.own.clone().refresh(request).await;
        let tokens = answer
            .map_err(|status| of_own_call(&status))?
            .into_inner()
            .tokens;
        tokens.ok_or_else(nothing)
    }

    pub(crate) async fn logout(&self, refresh_token: String) -> Result<(), Error> {
        let request = pb::LogoutRequest { refresh_token };
        let answer = self.for_user.clone().logout(request).await;
        answer.map_err(|status| Error::from_call(&status))?;
        Ok(())
    }
}

fn nothing() -> Error {
    Error::internal("the auth-service answered without tokens")
}
