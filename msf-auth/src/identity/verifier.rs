//! Verifies identity tokens.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use msf_core::access::{Authenticator, Principal};
use msf_core::clock::Clock;
use msf_core::error::Error;

use super::claims::{Read, Who};
use crate::keys::Keys;
use crate::token::{Issuer, Profile, Reason, Settings, TokenKind, Verifier};

/// As long as identity tokens live, and not longer.
const MAX_LIFETIME: Duration = Duration::from_secs(60);

/// The [`Authenticator`] of a service that only other services call.
///
/// A token of a trusted service gives [`Principal::service`] with its name, or [`Principal::user`] with subject, roles
/// and [`IdentityClaims`](super::IdentityClaims), where the service may speak for users. Everything else is refused with the
/// same words as by [`AccessVerifier`](crate::token::AccessVerifier), users' access tokens too. Who trusts nobody refuses
/// every token.
///
/// ```
/// use msf_auth::identity::IdentityVerifier;
/// use msf_auth::keys::KeyRing;
/// use msf_core::access::AuthenticateLayer;
///
/// # let (auth, gateway) = (KeyRing::generate().unwrap(), KeyRing::generate().unwrap());
/// let verifier = IdentityVerifier::new("user-service")
///     .trust("auth-service", auth)
///     .trust_for_users("api-gateway", gateway);
/// let layer = AuthenticateLayer::new(verifier);
/// # let _ = layer;
/// ```
#[derive(Debug)]
#[must_use]
pub struct IdentityVerifier {
    verifier: Verifier<IdentityProfile>,
}

#[derive(Debug)]
struct IdentityProfile;

impl IdentityVerifier {
    /// Takes tokens that were made for the service `own_name`.
    ///
    /// Clocks may differ by 30 seconds, and 50 000 tokens that passed are remembered.
    pub fn new(own_name: impl Into<String>) -> Self {
        Self {
            verifier: Verifier {
                profile: IdentityProfile,
                issuers: Vec::new(),
                settings: Settings::new(own_name.into(), MAX_LIFETIME),
            },
        }
    }

    /// Takes the service `issuer`, which signs with one of `keys`, for itself. Named again, the last call counts.
    pub fn trust(self, issuer: impl Into<String>, keys: impl Keys) -> Self {
        self.add(issuer.into(), keys, false)
    }

    /// Takes the service `issuer`, which signs with one of `keys`, for itself and for any user that it names. Named again,
    /// the last call counts.
    pub fn trust_for_users(self, issuer: impl Into<String>, keys: impl Keys) -> Self {
        self.add(issuer.into(), keys, true)
    }

    fn add(mut self, name: String, keys: impl Keys, for_users: bool) -> Self {
        let issuers = &mut self.verifier.issuers;
        issuers.retain(|issuer| issuer.name != name);
        issuers.push(Issuer {
            name,
            keys: Arc::new(keys),
            for_users,
        });
        self
    }

    /// Asks another clock for the time of day. Default: the system's.
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.verifier.settings.clock = clock.clone();
        self
    }

    /// How far clocks may differ, in whole seconds. Default and maximum: 30 seconds.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.verifier.settings.set_leeway(leeway);
        self
    }

    /// How many tokens that passed are remembered; zero switches it off. Default: 50 000, about 1 KiB each.
    pub fn cached_tokens(mut self, entries: usize) -> Self {
        self.verifier.settings.set_cache(entries);
        self
    }
}

impl Authenticator for IdentityVerifier {
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        self.verifier.authenticate(headers)
    }

    fn known(&self, headers: &HeaderMap) -> Option<Result<Option<Principal>, Error>> {
        self.verifier.known(headers)
    }

    /// Nothing is: one address of a gateway stands for all its users, and a key that was changed would shut them out.
    fn is_guess(&self, _: &Error) -> bool {
        false
    }
}

impl Profile for IdentityProfile {
    type Claims = Read;
    const KIND: TokenKind = TokenKind::Identity;

    fn principal(&self, issuer: &Issuer, claims: Read) -> Result<Principal, Reason> {
        match claims.who().ok_or(Reason::Claims)? {
            Who::Service => Ok(Principal::service(issuer.name.as_str())),
            Who::User(..) if !issuer.for_users => Err(Reason::Subject),
            Who::User(subject, roles, claims) => {
                let principal = roles
                    .into_iter()
                    .fold(Principal::user(subject), Principal::with_role);
                Ok(principal.with_claims(claims))
            }
        }
    }
}
