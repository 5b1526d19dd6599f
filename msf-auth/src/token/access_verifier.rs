//! Verifies access tokens.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use msf_core::access::{Authenticator, Principal};
use msf_core::clock::Clock;
use msf_core::error::{Error, Kind};

use super::access_claims::RawClaims;
use super::refusal::EXPIRED;
use super::{Issuer, Profile, Reason, Settings, TokenKind, Verifier};
use crate::keys::Keys;

const MAX_LIFETIME: Duration = Duration::from_secs(900);

/// The [`Authenticator`] for access tokens of one issuer.
///
/// `Authorization: Bearer TOKEN` gives [`Principal::user`] with the token's subject, its roles, and
/// [`AccessClaims`](super::AccessClaims). No `Authorization` gives no principal. All else is an error:
///
/// | | HTTP | gRPC | code |
/// | --- | --- | --- | --- |
/// | a token that is not valid, another scheme | 401 | UNAUTHENTICATED | `token.invalid` |
/// | a genuine token that has expired | 401 | UNAUTHENTICATED | `token.expired` |
/// | two tokens | 400 | INVALID_ARGUMENT | `token.duplicate` |
/// | the issuer's keys cannot be fetched | 503 | UNAVAILABLE | `token.undecided` |
///
/// ```
/// use msf_auth::keys::KeyRing;
/// use msf_auth::token::AccessVerifier;
/// use msf_core::access::AuthenticateLayer;
///
/// let ring = KeyRing::generate().unwrap();
/// let verifier = AccessVerifier::new(ring, "https://shop.example", "shop");
/// let layer = AuthenticateLayer::new(verifier);
/// # let _ = layer;
/// ```
#[derive(Debug)]
#[must_use]
pub struct AccessVerifier {
    verifier: Verifier<AccessProfile>,
}

#[derive(Debug)]
struct AccessProfile;

impl AccessVerifier {
    /// Takes tokens that `issuer` signed with one of its `keys` for `audience`.
    ///
    /// Issuer and audience are compared byte by byte. A token may live 15 minutes at most, clocks may differ by 30 seconds, and
    /// 50 000 tokens that passed are remembered.
    pub fn new(keys: impl Keys, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let issuer = Issuer {
            name: issuer.into(),
            keys: Arc::new(keys),
            for_users: true,
        };
        Self {
            verifier: Verifier {
                profile: AccessProfile,
                issuers: vec![issuer],
                settings: Settings::new(audience.into(), MAX_LIFETIME),
            },
        }
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

    /// The longest lifetime of a token (`exp - iat`) that is taken. Default: 15 minutes. Some foreign issuers need an hour.
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.verifier.settings.max_lifetime = lifetime;
        self
    }

    /// How many tokens that passed are remembered; zero switches it off. Default: 50 000, about 1 KiB each.
    pub fn cached_tokens(mut self, entries: usize) -> Self {
        self.verifier.settings.set_cache(entries);
        self
    }
}

impl Authenticator for AccessVerifier {
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        self.verifier.authenticate(headers)
    }

    fn known(&self, headers: &HeaderMap) -> Option<Result<Option<Principal>, Error>> {
        self.verifier.known(headers)
    }

    /// An expired token is none: every honest client comes with one now and then, and its signature is good.
    fn is_guess(&self, error: &Error) -> bool {
        error.code() != EXPIRED && matches!(error.kind(), Kind::Unauthenticated | Kind::Malformed)
    }
}

impl Profile for AccessProfile {
    type Claims = RawClaims;
    const KIND: TokenKind = TokenKind::Access;

    fn principal(&self, _: &Issuer, claims: RawClaims) -> Result<Principal, Reason> {
        let (subject, roles, claims) = claims.split().ok_or(Reason::Claims)?;
        let principal = roles
            .into_iter()
            .fold(Principal::user(subject), Principal::with_role);
        Ok(principal.with_claims(claims))
    }
}
