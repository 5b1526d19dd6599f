//! What the use cases need from outside.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use msf_service::error::Error;

/// Somebody who can log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The id, which becomes the subject of tokens.
    pub id: String,
    /// The role, as it is now.
    pub role: String,
}

/// Who the users are.
pub trait Directory: Clone + Send + Sync + 'static {
    /// Whose e-mail address and password these are; `None` where they are nobody's.
    fn verify(
        &self,
        email: &str,
        password: String,
    ) -> impl Future<Output = Result<Option<Account>, Error>> + Send;

    /// The account with this id, as it is now; `None` where it is gone.
    fn account(&self, id: &str) -> impl Future<Output = Result<Option<Account>, Error>> + Send;
}

/// Sessions: each has one refresh token at a time.
pub trait Sessions: Clone + Send + Sync + 'static {
    /// Begins one.
    fn begin(&self, subject: &str) -> impl Future<Output = Result<Begun, Error>> + Send;

    /// Whose token it says it is, by its seal alone.
    fn subject(&self, token: &str) -> Result<String, Error>;

    /// Replaces a token by its successor.
    fn renew(&self, token: &str) -> impl Future<Output = Result<Renewed, Error>> + Send;

    /// Ends the session of a token, and says which; `None` for one that has ended already.
    fn end(&self, token: &str) -> impl Future<Output = Result<Option<String>, Error>> + Send;

    /// Ends all sessions of a subject, and says how many those were.
    fn end_all(&self, subject: &str) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// A session that has just begun.
pub struct Begun {
    /// Its public id.
    pub session: String,
    /// Its first refresh token.
    pub refresh_token: String,
}

/// A session that goes on.
pub struct Renewed {
    /// Whose it is.
    pub subject: String,
    /// Its public id.
    pub session: String,
    /// The refresh token that counts from now on.
    pub refresh_token: String,
}

/// Signs access tokens.
pub trait AccessTokens: Clone + Send + Sync + 'static {
    /// One for this account and session, and how long it is good for.
    fn issue(&self, account: &Account, session: &str) -> Result<(String, Duration), Error>;
}

/// Bounds the failed logins of one account, whether it exists or not.
pub trait FailedLogins: Clone + Send + Sync + 'static {
    /// One attempt. A dropped one counts as failed.
    type Attempt: Attempt;

    /// Takes a place before anything is hashed.
    fn attempt(&self, account: &str) -> impl Future<Output = Result<Self::Attempt, Error>> + Send;
}

/// One attempt to log in.
pub trait Attempt: Send {
    /// It went well, and counts for nothing.
    fn succeeded(self);
    /// It was not even looked at, for no fault of whoever tries.
    fn undecided(self);
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewed").finish_non_exhaustive()
    }
}
