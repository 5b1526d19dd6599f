//! Issues access tokens.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use msf_core::BoxError;
use msf_core::error::Error;
use msf_core::settings::Secret;
use serde::Serialize;
use serde_json::Value;

use super::{TokenKind, sign, token_id};
use crate::keys::{KeyRing, unix_seconds};

const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
const NAMES: [&str; 10] = [
    "iss",
    "aud",
    "sub",
    "client_id",
    "sid",
    "jti",
    "iat",
    "nbf",
    "exp",
    "roles",
];

/// Issues access tokens (RFC 9068), signed with the current key of a ring.
///
/// ```
/// use msf_auth::keys::KeyRing;
/// use msf_auth::token::{AccessTokens, NewAccess};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = AccessTokens::new(KeyRing::generate()?, "https://shop.example", "shop")
///     .lifetime(Duration::from_secs(300))?;
/// let issued = tokens.issue(&NewAccess::new("user-7", "session-1", "web"))?;
/// assert_eq!(issued.expires_in, Duration::from_secs(300));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokens {
    ring: KeyRing,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

/// Whom a token is for.
///
/// ```
/// use msf_auth::token::NewAccess;
/// let access = NewAccess::new("user-7", "session-1", "web").role("user").claim("tenant", "acme");
/// # let _ = access;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NewAccess {
    subject: String,
    session_id: String,
    client_id: String,
    roles: Vec<String>,
    extra: BTreeMap<String, Value>,
}

/// A token that was issued, and for how long.
///
/// ```
/// # let ring = msf_auth::keys::KeyRing::generate().unwrap();
/// # let tokens = msf_auth::token::AccessTokens::new(ring, "iss", "aud");
/// let issued = tokens.issue(&msf_auth::token::NewAccess::new("user-7", "session-1", "web")).unwrap();
/// assert_eq!(format!("{:?}", issued.token), "[secret]");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Issued {
    /// The token, to be given to the user and to nobody else.
    pub token: Secret,
    /// How long it is taken: `expires_in` of RFC 6749.
    pub expires_in: Duration,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    sid: &'a str,
    jti: String,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    roles: &'a [String],
    #[serde(flatten)]
    extra: &'a BTreeMap<String, Value>,
}

impl AccessTokens {
    /// Issues tokens in the name of `issuer` (a URL, as a rule) for `audience`, for ten minutes each.
    pub fn new(ring: KeyRing, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let lifetime = DEFAULT_LIFETIME.min(ring.longest_token());
        Self {
            ring,
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime,
        }
    }

    /// How long a token lives, in whole seconds. Default: ten minutes.
    ///
    /// # Errors
    ///
    /// Less than a second, or more than the ring's policy says: 15 minutes, unless you set another. The ring retires a
    /// key after that time, and tokens that live longer would be refused while they are valid.
    pub fn lifetime(mut self, lifetime: Duration) -> Result<Self, InvalidLifetime> {
        let longest = self.ring.longest_token();
        if lifetime.as_secs() == 0 || lifetime > longest {
            return Err(InvalidLifetime { lifetime, longest });
        }
        self.lifetime = Duration::from_secs(lifetime.as_secs());
        Ok(self)
    }

    /// Issues a token with an id of its own.
    ///
    /// # Errors
    ///
    /// A fault of ours, since the caller has no part in it: an empty name, a claim of your own under a name that is
    /// taken, a token longer than verifiers take (8 KiB), a clock outside of 1970 to 9999.
    pub fn issue(&self, access: &NewAccess) -> Result<Issued, Error> {
        self.sign(access).map_err(Error::internal)
    }

    fn sign(&self, access: &NewAccess) -> Result<Issued, BoxError> {
        access.check()?;
        let now = unix_seconds(self.ring.clock().now());
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &access.subject,
            client_id: &access.client_id,
            sid: &access.session_id,
            jti: token_id(),
            iat: now,
            exp: now.saturating_add(self.lifetime.as_secs()),
            roles: &access.roles,
            extra: &access.extra,
        };
        Ok(Issued {
            token: sign(&self.ring, TokenKind::Access, &claims)?,
            expires_in: self.lifetime,
        })
    }
}

impl NewAccess {
    /// A token for `subject`, who is logged in by the session and with the program of these ids.
    pub fn new(
        subject: impl Into<String>,
        session_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> Self {
        Self {
            subject: subject.into(),
            session_id: session_id.into(),
            client_id: client_id.into(),
            roles: Vec::new(),
            extra: BTreeMap::new(),
        }
    }

    /// Adds a role.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Adds roles.
    pub fn roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Adds a claim of your own, which handlers read with [`AccessClaims::extra`](super::AccessClaims::extra). Anybody who
    /// holds the token can read it too.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn check(&self) -> Result<(), String> {
        let named = [&self.subject, &self.session_id, &self.client_id];
        if named.iter().any(|name| name.is_empty()) {
            return Err("an access token needs a subject, a session id and a client id".to_owned());
        }
        match self
            .extra
            .keys()
            .find(|name| NAMES.contains(&name.as_str()))
        {
            Some(name) => Err(format!("a claim of your own cannot be called `{name}`")),
            None => Ok(()),
        }
    }
}

/// A lifetime that access tokens of this ring cannot have.
///
/// ```
/// use std::time::Duration;
/// # let ring = msf_auth::keys::KeyRing::generate().unwrap();
/// # let tokens = msf_auth::token::AccessTokens::new(ring, "iss", "aud");
/// let error = tokens.lifetime(Duration::from_secs(3600)).unwrap_err();
/// assert!(error.to_string().contains("15 minutes"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLifetime {
    lifetime: Duration,
    longest: Duration,
}

impl fmt::Display for InvalidLifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an access token of this key ring lives one second to {} minutes, not {:?}: use refresh tokens for more, or give the ring a policy with another `max_token_lifetime`",
            self.longest.as_secs() / 60,
            self.lifetime
        )
    }
}

impl std::error::Error for InvalidLifetime {}
