//! Keys, tokens made by hand, and a clock, for all tests of this crate.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};
use msf_auth::keys::{KeyRing, RotationPolicy};
use msf_auth::token::{AccessTokens, AccessVerifier, NewAccess};
use msf_core::access::{Authenticator, Principal};
use msf_core::clock::FakeClock;
use msf_core::error::Error;

pub(crate) mod capture;
pub(crate) mod forge;
pub(crate) mod serve;

/// What the clock of most tests shows.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://shop.example";
pub(crate) const AUDIENCE: &str = "shop";

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A clock that shows [`NOW`].
pub(crate) fn clock() -> FakeClock {
    FakeClock::new(at(NOW))
}

pub(crate) fn ring(clock: &FakeClock) -> KeyRing {
    KeyRing::in_memory(&clock.clock(), RotationPolicy::default()).unwrap()
}

pub(crate) fn tokens(ring: &KeyRing) -> AccessTokens {
    AccessTokens::new(ring.clone(), ISSUER, AUDIENCE)
}

pub(crate) fn verifier(ring: &KeyRing, clock: &FakeClock) -> AccessVerifier {
    AccessVerifier::new(ring.clone(), ISSUER, AUDIENCE).clock(&clock.clock())
}

pub(crate) fn ana() -> NewAccess {
    NewAccess::new("ana", "session-1", "web").role("admin")
}

/// A token of `tokens` for Ana.
pub(crate) fn issue(tokens: &AccessTokens) -> String {
    tokens.issue(&ana()).unwrap().token.expose().to_owned()
}

pub(crate) fn bearer(token: &str) -> HeaderMap {
    authorization(&format!("Bearer {token}"))
}

pub(crate) fn authorization(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
    headers.insert("authorization", value);
    headers
}

pub(crate) async fn ask(
    verifier: &impl Authenticator,
    token: &str,
) -> Result<Option<Principal>, Error> {
    verifier.authenticate(&bearer(token)).await
}

/// The principal that `token` names; fails if it is refused.
pub(crate) async fn takes(verifier: &impl Authenticator, token: &str) -> Principal {
    ask(verifier, token).await.unwrap().unwrap()
}

/// The code of the refusal of `token`; fails if it is taken.
pub(crate) async fn refuses(verifier: &impl Authenticator, token: &str) -> String {
    ask(verifier, token).await.unwrap_err().code().to_owned()
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
