//! The claims of an identity token.

use serde::{Deserialize, Serialize};

use crate::object::Object;
use crate::token::{Audience, Claims, NumericDate, Registered, present};

/// What a verified identity token says of a user's call, beyond subject and roles.
///
/// ```
/// use msf_auth::identity::IdentityClaims;
/// use msf_core::access::Principal;
///
/// fn acting(principal: &Principal) -> Option<&str> {
///     Some(principal.claims::<IdentityClaims>()?.actor())
/// }
/// assert_eq!(acting(&Principal::user("ana")), None); // authenticated otherwise
/// ```
#[derive(Clone, Debug)]
pub struct IdentityClaims {
    actor: String,
    session_id: Option<String>,
    token_id: String,
}

impl IdentityClaims {
    /// The service that calls on the user's behalf.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The user's session, where the caller knew it.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// The id of this one token: `jti`.
    pub fn token_id(&self) -> &str {
        &self.token_id
    }
}

/// The claims as they are written.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) sub: &'a str,
    pub(super) jti: String,
    pub(super) iat: u64,
    pub(super) exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) svc: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) roles: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) act: Option<Actor<'a>>,
}

#[derive(Serialize)]
pub(super) struct Actor<'a> {
    pub(super) sub: &'a str,
}

/// The claims as they are read: these and no others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    iss: String,
    aud: Audience,
    sub: String,
    jti: String,
    iat: NumericDate,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    exp: NumericDate,
    #[serde(default)]
    svc: bool,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    sid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    act: Option<Object<ReadActor>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadActor {
    sub: String,
}

/// Who a token names.
pub(super) enum Who {
    /// The issuer itself.
    Service,
    /// A user, by subject and roles.
    User(String, Vec<String>, IdentityClaims),
}

impl Read {
    /// Who is named; `None` where the claims contradict each other.
    pub(super) fn who(self) -> Option<Who> {
        let own = self.sub == self.iss;
        match (self.svc, self.act) {
            (true, None) if own && self.roles.is_empty() && self.sid.is_none() => {
                Some(Who::Service)
            }
            (false, Some(Object(act))) if act.sub == self.iss => {
                let claims = IdentityClaims {
                    actor: act.sub,
                    session_id: self.sid,
                    token_id: self.jti,
                };
                Some(Who::User(self.sub, self.roles, claims))
            }
            _ => None,
        }
    }
}

impl Claims for Read {
    fn registered(&self) -> Registered<'_> {
        Registered {
            issuer: &self.iss,
            audience: &self.aud,
            subject: &self.sub,
            id: &self.jti,
            issued_at: self.iat,
            not_before: self.nbf,
            expires_at: self.exp,
        }
    }
}
