//! What the use cases need from outside.

use std::future::Future;

use msf_service::bus::Outgoing;
use msf_service::error::Error;

use crate::domain::{Role, User, UserId, Violation};

/// Where users are kept. Every write is atomic and durable once it is answered.
pub trait Users: Clone + Send + Sync + 'static {
    /// Adds a user with the hash of its password, and the events that tell of it: all in one write.
    fn insert(
        &self,
        user: User,
        hash: String,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<(), InsertError>> + Send;

    /// The user with this id.
    fn by_id(&self, id: UserId) -> impl Future<Output = Result<Option<User>, Error>> + Send;

    /// The user with this address, compared without case, and the hash of its password.
    fn by_email(
        &self,
        email: &str,
    ) -> impl Future<Output = Result<Option<Credentials>, Error>> + Send;

    /// Replaces the hash of a user's password, where it still is `old`.
    fn replace_hash(
        &self,
        id: UserId,
        old: String,
        new: String,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Whether anybody has this role.
    fn any_with_role(&self, role: Role) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Puts another user in the place of the one with this id, in one write: sessions of the old one are nobody's then.
    fn take_over(
        &self,
        old: UserId,
        new: User,
        hash: String,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Why a user cannot be added.
#[derive(Debug)]
pub enum InsertError {
    /// Another user has the address.
    EmailTaken,
    /// The store.
    Store(Error),
}

/// A user, and what its password is checked against.
#[derive(Debug)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// The hash of the password, in PHC form.
    pub hash: String,
}

/// Hashing of passwords, and the rules for new ones.
pub trait Passwords: Clone + Send + Sync + 'static {
    /// What is wrong with a new password; `about` are words that it must not be.
    fn check(&self, password: &str, about: &[&str]) -> Vec<Violation>;

    /// The hash of a password.
    fn hash(&self, password: String) -> impl Future<Output = Result<String, Error>> + Send;

    /// Checks a password; without a hash it takes as long and is wrong.
    fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> impl Future<Output = Result<Verdict, Error>> + Send;
}

/// What a check of a password came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Right {
        /// Its hash was made with weaker parameters than new ones are.
        rehash: bool,
    },
    /// It is not.
    Wrong,
}
