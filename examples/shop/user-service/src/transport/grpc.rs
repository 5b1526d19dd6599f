//! gRPC in, use cases out.

use msf_service::context::Context;
use msf_service::error::{Error, Kind};
use msf_service::prelude::*;
use msf_service::prost_types::Timestamp;
use shop_proto::user as pb;

use crate::application::{
    DeleteUser, GetUser, ListUsers, Passwords, Register, Registration, Update, UpdateUser, Users,
    VerifyCredentials,
};
use crate::domain::User;

/// The RPCs of the user-service.
#[derive(Clone)]
pub(crate) struct Transport<U, P> {
    pub(crate) register: Register<U, P>,
    pub(crate) get_user: GetUser<U>,
    pub(crate) verify_credentials: VerifyCredentials<U, P>,
    pub(crate) list_users: ListUsers<U>,
    pub(crate) update_user: UpdateUser<U>,
    pub(crate) delete_user: DeleteUser<U>,
}

#[async_trait]
impl<U: Users, P: Passwords> pb::UserService for Transport<U, P> {
    async fn register(
        &self,
        request: Request<pb::RegisterRequest>,
    ) -> Result<Response<pb::RegisterResponse>, Status> {
        let request = request.into_inner();
        let registration = Registration {
            name: request.name,
            email: request.email,
            password: request.password,
            role: request.role,
        };
        let user = Some(message(self.register.run(registration).await?));
        Ok(Response::new(pb::RegisterResponse { user }))
    }

    async fn get_user(
        &self,
        request: Request<pb::GetUserRequest>,
    ) -> Result<Response<pb::GetUserResponse>, Status> {
        let user = Some(message(self.get_user.run(&request.into_inner().id).await?));
        Ok(Response::new(pb::GetUserResponse { user }))
    }

    async fn verify_credentials(
        &self,
        request: Request<pb::VerifyCredentialsRequest>,
    ) -> Result<Response<pb::VerifyCredentialsResponse>, Status> {
        let pb::VerifyCredentialsRequest { email, password } = request.into_inner();
        let user = Some(message(
            self.verify_credentials.run(&email, password).await?,
        ));
        Ok(Response::new(pb::VerifyCredentialsResponse { user }))
    }

    async fn list_users(
        &self,
        request: Request<pb::ListUsersRequest>,
    ) -> Result<Response<pb::ListUsersResponse>, Status> {
        let pb::ListUsersRequest { page, page_size } = request.into_inner();
        let caller = caller()?;
        let (page, listed) = self.list_users.run(&caller, page, page_size).await?;
        Ok(Response::new(pb::ListUsersResponse {
            users: listed.users.into_iter().map(message).collect(),
            total: listed.total,
            page: page.number(),
            page_size: page.size(),
        }))
    }

    async fn update_user(
        &self,
        request: Request<pb::UpdateUserRequest>,
    ) -> Result<Response<pb::UpdateUserResponse>, Status> {
        let request = request.into_inner();
        let update = Update {
            id: request.id,
            name: request.name,
            email: request.email,
            role: request.role,
            expected_versions: request.expected_versions,
        };
        let user = Some(message(self.update_user.run(&caller()?, update).await?));
        Ok(Response::new(pb::UpdateUserResponse { user }))
    }

    async fn delete_user(
        &self,
        request: Request<pb::DeleteUserRequest>,
    ) -> Result<Response<pb::DeleteUserResponse>, Status> {
        let request = request.into_inner();
        self.delete_user
            .run(&caller()?, &request.id, request.expected_versions)
            .await?;
        Ok(Response::new(pb::DeleteUserResponse {}))
    }
}

/// The user who calls. By the rules nobody else comes here.
fn caller() -> Result<String, Error> {
    let context = Context::current();
    let caller = context.as_ref().and_then(Context::principal);
    let user = caller.filter(|principal| !principal.is_service());
    let user = user.ok_or_else(|| Error::of(Kind::Unauthenticated))?;
    Ok(user.subject().to_owned())
}

fn message(user: User) -> pb::User {
    pb::User {
        id: user.id.to_string(),
        email: user.email.as_str().to_owned(),
        name: user.name.as_str().to_owned(),
        role: user.role.as_str().to_owned(),
        created_at: Some(Timestamp::from(user.created_at)),
        updated_at: Some(Timestamp::from(user.updated_at)),
        version: user.version,
    }
}
