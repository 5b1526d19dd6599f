//! One user by id.

use msf_service::error::Error;

use super::Users;
use super::administration::unknown;
use crate::domain::{User, UserId};

/// Looks one user up.
#[derive(Clone, Debug)]
pub struct GetUser<U> {
    users: U,
}

impl<U: Users> GetUser<U> {
    /// Over these users.
    pub fn new(users: U) -> Self {
        Self { users }
    }

    /// The user with this id.
    ///
    /// # Errors
    ///
    /// `user.unknown`, also where the id is none, or what the store says.
    pub async fn run(&self, id: &str) -> Result<User, Error> {
        let found = match UserId::parse(id) {
            Some(id) => self.users.by_id(id).await?,
            None => None,
        };
        found.ok_or_else(unknown)
    }
}
