//! The claims of an access token.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Audience, Claims, NumericDate, Registered, present};

/// What a verified access token says (RFC 9068), beyond subject and roles.
///
/// A handler finds it in its principal: `principal.claims::<AccessClaims>()`. Claims of your own are in
/// [`extra`](Self::extra).
///
/// ```
/// use msf_auth::token::AccessClaims;
/// use msf_core::access::Principal;
///
/// fn session(principal: &Principal) -> Option<&str> {
///     Some(principal.claims::<AccessClaims>()?.session_id())
/// }
/// assert_eq!(session(&Principal::user("ana")), None); // authenticated otherwise
/// ```
#[derive(Clone)]
pub struct AccessClaims {
    issuer: String,
    session_id: String,
    client_id: String,
    token_id: String,
    issued_at: NumericDate,
    expires_at: NumericDate,
    extra: Extra,
}

impl AccessClaims {
    /// Who issued the token: `iss`. A subject is unique within it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The session that the token belongs to: `sid`.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// The program that the user logged in with: `client_id`.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The id of this one token: `jti`.
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// When it was issued: `iat`.
    pub fn issued_at(&self) -> SystemTime {
        time(self.issued_at)
    }

    /// When it ends, before any leeway: `exp`.
    pub fn expires_at(&self) -> SystemTime {
        time(self.expires_at)
    }

    /// Reads the claims that are none of the above into a type of your own.
    ///
    /// ```
    /// # use msf_auth::{keys::KeyRing, token::{AccessClaims, AccessTokens, AccessVerifier, NewAccess}};
    /// # use msf_core::access::Authenticator as _;
    /// #[derive(serde::Deserialize)]
    /// struct Tenant { tenant: String }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let ring = KeyRing::generate().unwrap();
    /// let access = NewAccess::new("user-7", "session-1", "web").claim("tenant", "acme");
    /// # let issued = AccessTokens::new(ring.clone(), "iss", "aud").issue(&access).unwrap();
    /// # let mut headers = http::HeaderMap::new();
    /// # headers.insert("authorization", format!("Bearer {}", issued.token.expose()).parse().unwrap());
    /// # let principal = AccessVerifier::new(ring, "iss", "aud").authenticate(&headers).await.unwrap().unwrap();
    /// let claims = principal.claims::<AccessClaims>().unwrap();
    /// assert_eq!(claims.extra::<Tenant>().unwrap().tenant, "acme");
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// They do not fit the type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(Value::Object(self.extra.0.clone().into_iter().collect()))
    }
}

impl fmt::Debug for AccessClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessClaims")
            .field("issuer", &self.issuer)
            .field("session_id", &self.session_id)
            .field("client_id", &self.client_id)
            .field("token_id", &self.token_id)
            .finish_non_exhaustive()
    }
}

fn time(date: NumericDate) -> SystemTime {
    UNIX_EPOCH
        .checked_add(Duration::from_secs(date.0))
        .unwrap_or(UNIX_EPOCH)
}

/// The claims as they are read.
#[derive(Deserialize)]
pub(crate) struct RawClaims {
    iss: String,
    aud: Audience,
    sub: String,
    jti: String,
    client_id: String,
    sid: String,
    iat: NumericDate,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    exp: NumericDate,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl Claims for RawClaims {
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

impl RawClaims {
    /// Subject, roles and the rest; `None` where one that must not be empty is.
    pub(super) fn split(self) -> Option<(String, Vec<String>, AccessClaims)> {
        if self.client_id.is_empty() || self.sid.is_empty() {
            return None;
        }
        let claims = AccessClaims {
            issuer: self.iss,
            session_id: self.sid,
            client_id: self.client_id,
            token_id: self.jti,
            issued_at: self.iat,
            expires_at: self.exp,
            extra: self.extra,
        };
        Some((self.sub, self.roles, claims))
    }
}

/// Claims that msf has no name for; one that is there twice is refused like any other.
#[derive(Clone, Default)]
struct Extra(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Extra;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("claims, each once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Extra, A::Error> {
                let mut extra = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    match extra.entry(name) {
                        Entry::Vacant(place) => {
                            place.insert(value);
                        }
                        Entry::Occupied(_) => return Err(de::Error::custom("a claim twice")),
                    }
                }
                Ok(Extra(extra))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
