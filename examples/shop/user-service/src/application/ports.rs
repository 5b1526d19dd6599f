//! What the use cases need from outside.

use std::future::Future;

use msf_service::bus::Outgoing;
use msf_service::error::{Error, Kind};

use crate::domain::{Page, User, UserId, Violation};

/// Where users are kept. Every write is atomic and durable once it is answered.
pub trait Users: Clone + Send + Sync + 'static {
    /// Adds a user with the hash of its password, and the events that tell of it: all in one write.
    fn insert(
        &self,
        user: User,
        hash: String,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

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

    /// Whether anybody is admin.
    fn any_admin(&self) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Adds the first admin, in the place of whoever has its address, in one transaction; whether it did: not where somebody
    /// is admin by then. `outgoing` makes the events that tell of the one who is gone.
    fn appoint<F>(
        &self,
        admin: User,
        hash: String,
        outgoing: F,
    ) -> impl Future<Output = Result<bool, Error>> + Send
    where
        F: FnOnce(UserId) -> Outgoing + Send + 'static;

    /// Lets `decide` say what becomes of a user, from what is there, and does it: all in one transaction. `None` where the user
    /// is gone by that.
    fn administer<F>(
        &self,
        admin: UserId,
        user: UserId,
        decide: F,
    ) -> impl Future<Output = Result<Option<User>, WriteError>> + Send
    where
        F: FnOnce(Situation) -> Result<Outcome, Error> + Send + 'static;

    /// A page of all users, the oldest first, and whoever asks for it: as they are at one moment.
    fn list(
        &self,
        admin: UserId,
        page: Page,
    ) -> impl Future<Output = Result<(Option<User>, Listed), Error>> + Send;
}

/// What is there when somebody wants to change a user.
#[derive(Debug)]
pub struct Situation {
    /// Whoever wants it.
    pub admin: Option<User>,
    /// The user it is about.
    pub user: Option<User>,
    /// Whether anybody else than that user is admin.
    pub other_admins: bool,
}

/// What becomes of a user.
#[derive(Debug)]
pub enum Outcome {
    /// It is this one from now on.
    Change(User),
    /// It is gone, and these events tell of it.
    Delete(Outgoing),
}

/// A page of users.
#[derive(Debug)]
pub struct Listed {
    /// Those on the page.
    pub users: Vec<User>,
    /// How many there are on all pages.
    pub total: u64,
}

/// Why a user cannot be written.
#[derive(Debug)]
pub enum WriteError {
    /// Another user has the address.
    EmailTaken,
    /// Somebody said no, or the store did.
    Other(Error),
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::EmailTaken => {
                let message = "a user with this e-mail address exists";
                Self::new(Kind::AlreadyExists, "email.taken", message)
            }
            WriteError::Other(error) => error,
        }
    }
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
