//! What is known of a session.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

/// The public name of a session, as it stands in access tokens (`sid`) and in the audit log. A random UUID: neither a refresh token
/// nor what the store finds it by can be derived from it.
///
/// ```
/// use msf_auth::refresh::SessionId;
/// let id: SessionId = "9f0c4a52-6f0e-4f0c-8d8a-3d7a5b1c2e4f".parse().unwrap();
/// assert_eq!(id.to_string(), "9f0c4a52-6f0e-4f0c-8d8a-3d7a5b1c2e4f");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Uuid);

/// Which of the tokens of a session: the first is 0, each rotation adds one.
///
/// ```
/// use msf_auth::refresh::Generation;
/// assert!(Generation::FIRST < Generation::new(1).unwrap());
/// assert_eq!(Generation::new(u64::MAX), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

/// What a store finds a session by: the SHA-256 of the random id in its tokens.
///
/// ```
/// use msf_auth::refresh::Fingerprint;
/// let stored = [7; 32];
/// assert_eq!(Fingerprint::from_bytes(stored).as_bytes(), &stored);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// A session as a store keeps it.
///
/// ```
/// use msf_auth::refresh::{Generation, Session, SessionId};
/// use std::time::SystemTime;
///
/// let now = SystemTime::UNIX_EPOCH;
/// let session = Session {
///     id: SessionId::random(),
///     subject: "ana".to_owned(),
///     generation: Generation::FIRST,
///     created_at: now,
///     rotated_at: now,
/// };
/// assert_eq!(session.generation.get(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its public name.
    pub id: SessionId,
    /// Whose it is.
    pub subject: String,
    /// The token that was handed out last.
    pub generation: Generation,
    /// When it began.
    pub created_at: SystemTime,
    /// When that token was handed out.
    pub rotated_at: SystemTime,
}

impl SessionId {
    /// Draws a name that no other session has.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Its 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The name of these 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.0)
    }
}

impl FromStr for SessionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

impl Generation {
    /// The one that a login hands out.
    pub const FIRST: Self = Self(0);
    /// The last one. A store can keep it in a signed integer of 64 bits.
    pub const LAST: Self = Self(i64::MAX.unsigned_abs());

    /// The generation of this number; none beyond [`Self::LAST`].
    pub fn new(number: u64) -> Option<Self> {
        (number <= Self::LAST.0).then_some(Self(number))
    }

    /// Its number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The one after it; none after [`Self::LAST`].
    pub fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

impl Fingerprint {
    pub(super) fn of(rid: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, rid).as_ref());
        Self(bytes)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The fingerprint of these 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}
