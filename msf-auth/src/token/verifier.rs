//! The one path from a header to a principal, for every kind of token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{self, BoxFuture};
use http::HeaderMap;
use msf_core::access::Principal;
use msf_core::clock::Clock;
use msf_core::error::Error;
use serde::Deserialize;

use super::TokenKind;
use super::cache::{Passed, TokenCache, TokenHash, hash};
use super::claims::{Claims, Demands};
use super::gate::{self, Parts};
use super::refusal::{Reason, Refusal};
use crate::audit;
use crate::bearer;
use crate::keys::{Keys, unix_seconds};
use crate::object::Object;

/// How far clocks may differ, at most.
const MAX_LEEWAY: Duration = Duration::from_secs(30);
const CACHED_TOKENS: usize = 50_000;

/// What differs between the kinds of token.
pub(crate) trait Profile: fmt::Debug + Send + Sync + 'static {
    type Claims: Claims;
    const KIND: TokenKind;

    /// Who these claims name. They were all checked but those that only this kind has.
    fn principal(&self, issuer: &Issuer, claims: Self::Claims) -> Result<Principal, Reason>;
}

/// Whose tokens are taken, and the keys that only this issuer signs with.
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) keys: Arc<dyn Keys>,
    /// Whether it may speak for others than itself.
    pub(crate) for_users: bool,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) audience: String,
    pub(crate) clock: Clock,
    leeway: u64,
    pub(crate) max_lifetime: Duration,
    cache: Option<TokenCache>,
}

#[derive(Debug)]
pub(crate) struct Verifier<P> {
    pub(crate) profile: P,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) settings: Settings,
}

/// The one claim that is read before the signature is checked: it says whose keys to ask.
/// What is known of credentials before they are verified.
enum Look<'a> {
    Known(Result<Option<Principal>, Error>),
    New(&'a [u8], TokenHash),
}

#[derive(Deserialize)]
struct Claimed {
    iss: String,
}

impl Settings {
    pub(crate) fn new(audience: String, max_lifetime: Duration) -> Self {
        Self {
            audience,
            clock: Clock::system(),
            leeway: MAX_LEEWAY.as_secs(),
            max_lifetime,
            cache: Some(TokenCache::new(CACHED_TOKENS)),
        }
    }

    pub(crate) fn set_leeway(&mut self, leeway: Duration) {
        self.leeway = leeway.min(MAX_LEEWAY).as_secs();
    }

    pub(crate) fn set_cache(&mut self, entries: usize) {
        self.cache = (entries > 0).then(|| TokenCache::new(entries));
    }

    fn now(&self) -> u64 {
        unix_seconds(self.clock.now())
    }
}

impl<P: Profile> Verifier<P> {
    /// Who sent a request with these headers: see [`Authenticator`](msf_core::access::Authenticator).
    pub(crate) fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        let at_once = |answer| -> BoxFuture<'a, _> { Box::pin(future::ready(answer)) };
        let (credentials, hash) = match self.look(headers) {
            Look::Known(answer) => return at_once(answer),
            Look::New(credentials, hash) => (credentials, hash),
        };
        Box::pin(async move {
            let passed = self.verify(credentials).await?;
            audit::count("verified");
            if let Some(cache) = &self.settings.cache {
                cache.insert(hash, passed.clone());
            }
            Ok(Some(passed.principal))
        })
    }

    /// What [`authenticate`](Self::authenticate) answers without verifying a signature, if it does.
    pub(crate) fn known(&self, headers: &HeaderMap) -> Option<Result<Option<Principal>, Error>> {
        match self.look(headers) {
            Look::Known(answer) => Some(answer),
            Look::New(..) => None,
        }
    }

    fn look<'a>(&self, headers: &'a HeaderMap) -> Look<'a> {
        match bearer::credentials(headers) {
            Ok(None) => Look::Known(Ok(None)),
            Err(reason) => Look::Known(Err(Refusal::from(reason).into())),
            Ok(Some(credentials)) => {
                let hash = hash(credentials);
                match self.cached(&hash) {
                    Some(principal) => Look::Known(Ok(Some(principal))),
                    None => Look::New(credentials, hash),
                }
            }
        }
    }

    fn cached(&self, hash: &TokenHash) -> Option<Principal> {
        let cache = self.settings.cache.as_ref()?;
        let passed = cache.get(hash)?;
        let issuer = self.issuers.get(passed.issuer)?;
        if self.settings.now() < passed.until && issuer.keys.version() == passed.version {
            return Some(passed.principal);
        }
        cache.remove(hash);
        None
    }

    async fn verify(&self, credentials: &[u8]) -> Result<Passed, Refusal> {
        let token = bearer::token(credentials)?;
        gate::look(token)?;
        let parts = gate::open(token, P::KIND)?;
        let (index, issuer) = self.issuer(&parts)?;
        // Before the key is looked for: if the keys change meanwhile, what is remembered is of the old version.
        let version = issuer.keys.version();
        let found = issuer.keys.find(&parts.header.kid).await;
        let key = found.map_err(Refusal::Unknown)?.ok_or(Reason::Key)?;
        if key.algorithm().name() != parts.header.alg {
            return Err(Reason::Algorithm.into());
        }
        if !key.verifies(parts.message, &parts.signature) {
            return Err(Reason::Signature.into());
        }
        let Object::<P::Claims>(claims) =
            serde_json::from_slice(&parts.payload).map_err(|_| Reason::Claims)?;
        let registered = claims.registered();
        let demands = Demands {
            issuer: &issuer.name,
            audience: &self.settings.audience,
            leeway: self.settings.leeway,
            max_lifetime: self.settings.max_lifetime,
        };
        registered.check(self.settings.now(), &demands)?;
        let expires = registered.expires_at.0.saturating_add(demands.leeway);
        Ok(Passed {
            until: key
                .valid_until()
                .map_or(expires, |until| until.min(expires)),
            principal: self.profile.principal(issuer, claims)?,
            issuer: index,
            version,
        })
    }

    /// The issuer that the token names; only keys of this one can verify it.
    fn issuer(&self, parts: &Parts<'_>) -> Result<(usize, &Issuer), Reason> {
        let Object::<Claimed>(claimed) =
            serde_json::from_slice(&parts.payload).map_err(|_| Reason::Claims)?;
        let mut issuers = self.issuers.iter().enumerate();
        issuers
            .find(|(_, issuer)| issuer.name == claimed.iss)
            .ok_or(Reason::Issuer)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("name", &self.name)
            .field("for_users", &self.for_users)
            .finish_non_exhaustive()
    }
}
