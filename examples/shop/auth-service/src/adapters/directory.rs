//! Who the users are: the user-service knows.

use msf_service::client::Channel;
use msf_service::error::{Error, Kind};
use shop_proto::user as pb;

use crate::application::{Account, Directory};

/// Asks the user-service, as this service itself.
#[derive(Clone, Debug)]
pub(crate) struct UserService {
    client: pb::UserServiceClient,
}

impl UserService {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: pb::UserServiceClient::new(channel),
        }
    }
}

impl Directory for UserService {
    async fn verify(&self, email: &str, password: String) -> Result<Option<Account>, Error> {
        let request = pb::VerifyCredentialsRequest {
            email: email.to_owned(),
            password,
        };
        match self.client.clone().verify_credentials(request).await {
            Ok(answer) => account(answer.into_inner().user).map(Some),
            Err(status) => match Error::from_call(&status) {
                error if error.code() == "credentials.wrong" => Ok(None),
                error => Err(ours(error)),
            },
        }
    }

    async fn account(&self, id: &str) -> Result<Option<Account>, Error> {
        let request = pb::GetUserRequest { id: id.to_owned() };
        match self.client.clone().get_user(request).await {
            Ok(answer) => account(answer.into_inner().user).map(Some),
            Err(status) => match Error::from_call(&status) {
                error if error.kind() == Kind::NotFound => Ok(None),
                error => Err(ours(error)),
            },
        }
    }
}

fn account(user: Option<pb::User>) -> Result<Account, Error> {
    let user = user.ok_or_else(|| Error::internal("the user-service answered without a user"))?;
    Ok(Account {
        id: user.id,
        role: user.role,
    })
}

/// That the user-service does not admit this service is no fault of whoever logs in.
fn ours(error: Error) -> Error {
    match error.kind() {
        Kind::Forbidden => Error::internal(error),
        _ => error,
    }
}
