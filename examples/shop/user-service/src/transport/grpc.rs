//! gRPC in, use cases out.

use msf_service::prelude::*;
use msf_service::prost_types::Timestamp;
use shop_proto::user as pb;

use crate::application::{GetUser, Passwords, Register, Registration, Users, VerifyCredentials};
use crate::domain::User;

/// The RPCs of the user-service.
#[derive(Clone)]
pub(crate) struct Transport<U, P> {
    pub(crate) register: Register<U, P>,
    pub(crate) get_user: GetUser<U>,
    pub(crate) verify_credentials: VerifyCredentials<U, P>,
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
}

fn message(user: User) -> pb::User {
    pb::User {
        id: user.id.to_string(),
        email: user.email.as_str().to_owned(),
        name: user.name.as_str().to_owned(),
        role: user.role.as_str().to_owned(),
        created_at: Some(Timestamp::from(user.created_at)),
        updated_at: Some(Timestamp::from(user.updated_at)),
    }
}
