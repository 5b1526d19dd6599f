//! What a service shows to those that it calls.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use msf_core::BoxError;
use msf_core::access::{CallIdentity, Principal};
use msf_core::error::Error;

use super::IdentityClaims;
use super::claims::{Actor, Written};
use super::minted::{Minted, said};
use crate::keys::{KeyRing, unix_seconds};
use crate::token::{AccessClaims, TokenKind, sign, token_id};

/// How long an identity token is taken, in seconds.
const LIFETIME: u64 = 60;

/// The identity of one service, from which it makes a token for each callee. A clone is one reference count.
///
/// A token lives for 60 seconds and is used again for 30, for the same callee, user, roles and session. Its callee does not
/// ask whether the user has logged out in that time.
///
/// ```
/// use msf_auth::identity::ServiceIdentity;
/// use msf_auth::keys::KeyRing;
/// use msf_core::access::CallIdentity as _;
///
/// let identity = ServiceIdentity::new("auth-service", KeyRing::generate().unwrap());
/// let value = identity.itself().header(None, "user-service").unwrap();
/// assert!(value.is_sensitive());
/// ```
#[derive(Clone)]
pub struct ServiceIdentity {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    ring: KeyRing,
    minted: Minted,
}

/// The view of a [`ServiceIdentity`] that always names the service itself.
///
/// ```
/// # use msf_auth::{identity::ServiceIdentity, keys::KeyRing};
/// # use msf_core::access::{CallIdentity as _, Principal};
/// # let identity = ServiceIdentity::new("auth-service", KeyRing::generate().unwrap());
/// let itself = identity.itself();
/// let ana = Principal::user("ana");
/// assert_eq!(itself.header(Some(&ana), "user-service").unwrap(), itself.header(None, "user-service").unwrap());
/// ```
#[derive(Clone, Debug)]
pub struct Itself(ServiceIdentity);

/// The view of a [`ServiceIdentity`] that names the current user, and the service as the one who acts.
///
/// Where no user is calling, nobody or another service, it names the service itself: nobody speaks for a service but that
/// service.
///
/// ```
/// # use msf_auth::{identity::ServiceIdentity, keys::KeyRing};
/// # use msf_core::access::{CallIdentity as _, Principal};
/// # let identity = ServiceIdentity::new("api-gateway", KeyRing::generate().unwrap());
/// let on_behalf = identity.on_behalf();
/// let ana = Principal::user("ana");
/// assert_ne!(on_behalf.header(Some(&ana), "user-service").unwrap(), on_behalf.header(None, "user-service").unwrap());
/// ```
#[derive(Clone, Debug)]
pub struct OnBehalf(ServiceIdentity);

impl ServiceIdentity {
    /// The identity of the service `name`, which signs with `ring`.
    pub fn new(name: impl Into<String>, ring: KeyRing) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                ring,
                minted: Minted::new(),
            }),
        }
    }

    /// Calls are the service's own, whoever is calling it.
    pub fn itself(&self) -> Itself {
        Itself(self.clone())
    }

    /// Calls are on behalf of the user who is calling the service.
    pub fn on_behalf(&self) -> OnBehalf {
        OnBehalf(self.clone())
    }
}

impl CallIdentity for Itself {
    fn header(&self, _: Option<&Principal>, callee: &str) -> Result<HeaderValue, Error> {
        self.0.shared.header(None, callee)
    }
}

impl CallIdentity for OnBehalf {
    fn header(&self, principal: Option<&Principal>, callee: &str) -> Result<HeaderValue, Error> {
        let is_user =
            |principal: &&Principal| !principal.is_service() && !principal.subject().is_empty();
        self.0.shared.header(principal.filter(is_user), callee)
    }
}

impl Shared {
    fn header(&self, user: Option<&Principal>, callee: &str) -> Result<HeaderValue, Error> {
        let now = unix_seconds(self.ring.clock().now());
        let roles: Vec<&str> = user.into_iter().flat_map(Principal::roles).collect();
        let session = user.and_then(session_id);
        let said = {
            let kind = if user.is_some() { "user" } else { "service" };
            let subject = user.map_or("", Principal::subject);
            let has_session = if session.is_some() { "session" } else { "" };
            let session = session.unwrap_or_default();
            let named = [kind, callee, subject, has_session, session];
            said(named.into_iter().chain(roles.iter().copied()))
        };
        if let Some(value) = self.minted.get(&said, now) {
            return Ok(value);
        }
        let value = self
            .mint(user, &roles, session, callee, now)
            .map_err(Error::internal)?;
        self.minted.insert(said, value.clone(), now);
        Ok(value)
    }

    fn mint(
        &self,
        user: Option<&Principal>,
        roles: &[&str],
        session: Option<&str>,
        callee: &str,
        now: u64,
    ) -> Result<HeaderValue, BoxError> {
        if self.name.is_empty() || callee.is_empty() {
            return Err("an identity token needs the names of the caller and of the callee".into());
        }
        let claims = Written {
            iss: &self.name,
            aud: callee,
            sub: user.map_or(&self.name, Principal::subject),
            jti: token_id(),
            iat: now,
            exp: now.saturating_add(LIFETIME),
            svc: user.is_none().then_some(true),
            roles,
            sid: session,
            act: user.is_some().then_some(Actor { sub: &self.name }),
        };
        let token = sign(&self.ring, TokenKind::Identity, &claims)?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The session of a user who came with an access token, or with the identity token of another service.
fn session_id(user: &Principal) -> Option<&str> {
    let access = user.claims::<AccessClaims>().map(AccessClaims::session_id);
    access.or_else(|| user.claims::<IdentityClaims>()?.session_id())
}

impl fmt::Debug for ServiceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceIdentity")
            .field("name", &self.shared.name)
            .field("ring", &self.shared.ring)
            .finish_non_exhaustive()
    }
}
