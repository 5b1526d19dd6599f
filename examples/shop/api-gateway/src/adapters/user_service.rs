//! Calls to the user-service.

use msf_service::auth::identity::ServiceIdentity;
use msf_service::client::Channel;
use msf_service::error::Error;
use shop_proto::user as pb;

use super::failure::of_own_call;

/// The user-service, called as the gateway itself and on behalf of users.
#[derive(Clone, Debug)]
pub(crate) struct UserService {
    own: pb::UserServiceClient,
    for_user: pb::UserServiceClient,
}

impl UserService {
    pub(crate) fn new(channel: &Channel, identity: &ServiceIdentity) -> Self {
        Self {
            own: pb::UserServiceClient::new(channel.clone().identify(identity.itself())),
            for_user: pb::UserServiceClient::new(channel.clone().identify(identity.on_behalf())),
        }
    }

    pub(crate) async fn register(&self, request: pb::RegisterRequest) -> Result<pb::User, Error> {
        let answer = self.own.clone().register(request).await;
        let user = answer
            .map_err(|status| of_own_call(&status))?
            .into_inner()
            .user;
        user.ok_or_else(nobody)
    }

    pub(crate) async fn user(&self, id: String) -> Result<pb::User, Error> {
        let answer = self
            .for_user
            .clone()
            .get_user(pb::GetUserRequest { id })
            .await;
        let user = answer
            .map_err(|status| Error::from_call(&status))?
            .into_inner()
            .user;
        user.ok_or_else(nobody)
    }

    pub(crate) async fn list(
        &self,
        request: pb::ListUsersRequest,
    ) -> Result<pb::ListUsersResponse, Error> {
        let answer = self.for_user.clone().list_users(request).await;
        Ok(answer
            .map_err(|status| Error::from_call(&status))?
            .into_inner())
    }

    pub(crate) async fn update(&self, request: pb::UpdateUserRequest) -> Result<pb::User, Error> {
        let answer = self.for_user.clone().update_user(request).await;
        let user = answer
            .map_err(|status| Error::from_call(&status))?
            .into_inner()
            .user;
        user.ok_or_else(nobody)
    }

    pub(crate) async fn delete(&self, request: pb::DeleteUserRequest) -> Result<(), Error> {
        let answer = self.for_user.clone().delete_user(request).await;
        answer.map_err(|status| Error::from_call(&status))?;
        Ok(())
    }
}

fn nobody() -> Error {
    Error::internal("the user-service answered without a user")
}
