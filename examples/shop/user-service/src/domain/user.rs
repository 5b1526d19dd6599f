//! A user.

use std::fmt;
use std::time::SystemTime;

use super::{Email, Name, Role};

/// The id of a user. New ones sort by the time at which they were made.
///
/// ```
/// use user_service::domain::UserId;
/// let id = UserId::new();
/// assert_eq!(UserId::parse(&id.to_string()), Some(id));
/// assert_eq!(UserId::parse("ana"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserId(uuid::Uuid);

/// A user, without the hash of its password.
#[derive(Clone, Debug)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its e-mail address.
    pub email: Email,
    /// What it is called.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it was last changed.
    pub updated_at: SystemTime,
    /// 1 for a new one, one more after each change.
    pub version: u64,
}

impl User {
    /// A new user.
    pub fn new(name: Name, email: Email, role: Role, now: SystemTime) -> Self {
        Self {
            id: UserId::new(),
            email,
            name,
            role,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

impl UserId {
    /// A new one.
    #[expect(
        clippy::new_without_default,
        reason = "each one is another, which `default` does not say"
    )]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7())
    }

    /// Reads one; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
