//! Rotation: no valid token is ever refused, whoever verifies it.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use msf_auth::keys::{KeyRing, KeySource, Keys as _, RemoteKeys, RotationPolicy};
use msf_auth::token::{AccessTokens, AccessVerifier};
use msf_core::clock::FakeClock;
use msf_core::{BoxError, BoxFuture};
use support::{
    AUDIENCE, ISSUER, NOW, at, clock, issue, refuses, ring, takes, tokens, unb64, verifier,
};
use tokio::time::Instant;

/// The JWKS route of a ring behind an HTTP cache that keeps what it has for as long as it may.
struct BehindACache {
    ring: KeyRing,
    kept: Mutex<Option<(Instant, String)>>,
    fetches: Arc<AtomicUsize>,
}

impl KeySource for BehindACache {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let mut kept = self.kept.lock().unwrap();
        let fresh = kept
            .take()
            .filter(|(from, _)| from.elapsed() < Duration::from_secs(300))
            .unwrap_or_else(|| (Instant::now(), self.ring.jwks()));
        let document = fresh.1.clone();
        *kept = Some(fresh);
        Box::pin(async move { Ok(document.into()) })
    }
}

fn kid(token: &str) -> String {
    let header = unb64(token.split('.').next().unwrap());
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Moves both clocks, and lets what waits for them run.
async fn pass(clock: &FakeClock, time: Duration) {
    clock.advance(time);
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn over_five_rotations_no_valid_token_is_refused() {
    let clock = clock();
    let policy = RotationPolicy::default()
        .publish_ahead(Duration::from_secs(360))
        .rotate_every(Duration::from_secs(3600));
    let ring = KeyRing::in_memory(&clock.clock(), policy).unwrap();
    let tokens = AccessTokens::new(ring.clone(), ISSUER, AUDIENCE)
        .lifetime(Duration::from_secs(900))
        .unwrap();
    let fetches = Arc::<AtomicUsize>::default();
    let remote = RemoteKeys::new(BehindACache {
        ring: ring.clone(),
        kept: Mutex::default(),
        fetches: Arc::clone(&fetches),
    });
    let near = verifier(&ring, &clock);
    let new = |entries| {
        AccessVerifier::new(remote.clone(), ISSUER, AUDIENCE)
            .clock(&clock.clock())
            .cached_tokens(entries)
    };
    // One that remembers tokens and one that asks for the key each time.
    let (far, forgetful) = (new(50_000), new(0));

    let mut living: Vec<(u64, String)> = Vec::new();
    let mut kids: Vec<String> = Vec::new();
    let (mut rotations, mut verified) = (0, 0);
    let step = 30;
    let mut second = 0;
    while rotations < 5 || second % 3600 < 3000 {
        if ring.rotate_if_due().unwrap().is_some() {
            rotations += 1;
        }
        let token = issue(&tokens);
        if kids.last() != Some(&kid(&token)) {
            kids.push(kid(&token));
        }
        living.push((second + 900, token));
        living.retain(|(end, _)| *end > second);
        for (_, token) in &living {
            takes(&near, token).await;
            takes(&far, token).await;
            takes(&forgetful, token).await;
            verified += 3;
        }
        pass(&clock, Duration::from_secs(step)).await;
        second += step;
        assert!(ring.jwks().matches("kid").count() <= 3);
    }
    assert_eq!((rotations, kids.len()), (5, 6), "each key has signed");
    // Background refreshes of five minutes, and no more.
    let fetches = fetches.load(Ordering::SeqCst);
    let windows = usize::try_from(second / 300).unwrap();
    assert!(fetches <= windows + 2, "{fetches} in {windows} windows");
    println!("{rotations} rotations in {second} s, {verified} tokens verified, {fetches} fetches");
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_retires_after_its_last_token() {
    let clock = clock();
    let ring = ring(&clock);
    let tokens = tokens(&ring).lifetime(Duration::from_secs(900)).unwrap();
    let old = kid(&issue(&tokens));
    let published = || -> Vec<String> {
        let set: serde_json::Value = serde_json::from_str(&ring.jwks()).unwrap();
        let keys = set["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(published(), std::slice::from_ref(&old));

    let rotated = ring.rotate().unwrap();
    assert_eq!(rotated.signs_from, at(NOW + 600));
    assert_eq!(published(), [&*old, &*rotated.kid]);
    assert_eq!(
        ring.rotate().unwrap(),
        rotated,
        "no second one before the first signs"
    );
    assert_eq!(published().len(), 2);
    clock.set(at(NOW + 599));
    let last = issue(&tokens);
    assert_eq!(kid(&last), old);
    clock.set(at(NOW + 600));
    assert_eq!(kid(&issue(&tokens)), rotated.kid);

    // The last token of the old key lives for 900 seconds and a leeway of 30, and clocks differ by as much.
    let verifier = verifier(&ring, &clock);
    clock.set(at(NOW + 599 + 929));
    takes(&verifier, &last).await;
    assert!(ring.find(&old).await.unwrap().is_some());
    clock.set(at(NOW + 600 + 959));
    assert_eq!(published(), [&*old, &*rotated.kid]);
    clock.set(at(NOW + 600 + 960));
    assert_eq!(published(), std::slice::from_ref(&rotated.kid));
    assert!(ring.find(&old).await.unwrap().is_none());

    let next = ring.rotate().unwrap();
    assert_eq!(published(), [rotated.kid.clone(), next.kid]);
}

/// The clock was set back before the first key: the ring signs all the same.
#[tokio::test]
async fn a_clock_that_was_set_back_stops_nobody() {
    let clock = clock();
    let ring = ring(&clock);
    let first = kid(&issue(&tokens(&ring)));
    ring.rotate().unwrap();
    clock.set(at(NOW - 86_400));
    let token = issue(&tokens(&ring));
    assert_eq!(kid(&token), first);
    takes(&verifier(&ring, &clock), &token).await;
    clock.set(at(0));
    assert_eq!(kid(&issue(&tokens(&ring))), first);
}

/// What is remembered of a token ends with its key.
#[tokio::test]
async fn a_remembered_token_is_verified_again_when_the_keys_change() {
    let clock = clock();
    let ring = ring(&clock);
    let token = issue(&tokens(&ring));
    let swapped = Arc::new(Swapped(Mutex::new((0, ring.clone()))));
    let verifier =
        AccessVerifier::new(Arc::clone(&swapped), ISSUER, AUDIENCE).clock(&clock.clock());
    takes(&verifier, &token).await;
    *swapped.0.lock().unwrap() = (0, support::ring(&clock));
    takes(&verifier, &token).await; // remembered: the version says that nothing changed
    swapped.0.lock().unwrap().0 = 1;
    assert_eq!(refuses(&verifier, &token).await, "token.invalid");
    *swapped.0.lock().unwrap() = (2, ring);
    takes(&verifier, &token).await;
}

struct Swapped(Mutex<(u64, KeyRing)>);

impl msf_auth::keys::Keys for Swapped {
    fn find<'a>(
        &'a self,
        kid: &'a str,
    ) -> BoxFuture<'a, Result<Option<msf_auth::keys::PublicKey>, msf_auth::keys::KeysUnavailable>>
    {
        let ring = self.0.lock().unwrap().1.clone();
        Box::pin(async move { ring.find(kid).await })
    }

    fn version(&self) -> u64 {
        self.0.lock().unwrap().0
    }
}

/// A remembered token ends with the retirement of its key, though nobody changed the ring meanwhile.
#[tokio::test]
async fn a_remembered_token_does_not_outlive_its_key() {
    let clock = clock();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("keys");
    let open = |policy| KeyRing::open(&folder, &clock.clock(), policy).unwrap();
    let signing = open(RotationPolicy::default());
    let rotated = signing.rotate().unwrap();
    // This one retires keys sooner: tokens live for a minute, it was told.
    let minute = Duration::from_secs(60);
    let verifying = open(RotationPolicy::default().max_token_lifetime(minute));
    let verifier = verifier(&verifying, &clock);
    clock.set(at(NOW + 599));
    let token = issue(&tokens(&signing));
    takes(&verifier, &token).await;
    clock.set(rotated.signs_from + 2 * minute - Duration::from_secs(1));
    takes(&verifier, &token).await;
    clock.set(rotated.signs_from + 2 * minute);
    assert_eq!(refuses(&verifier, &token).await, "token.invalid");
}

#[tokio::test]
async fn the_jwks_has_public_members_only_and_may_be_kept_for_five_minutes() {
    let ring = KeyRing::generate().unwrap();
    ring.rotate().unwrap();
    let response = ring.response();
    assert_eq!(response.headers()[CONTENT_TYPE], "application/jwk-set+json");
    assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=300");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let set: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(set.as_object().unwrap().len(), 1);
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let members: Vec<_> = key.as_object().unwrap().keys().collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
            (
                &"OKP".into(),
                &"Ed25519".into(),
                &"EdDSA".into(),
                &"sig".into()
            )
        );
        let x = key["x"].as_str().unwrap();
        assert_eq!(unb64(x).len(), 32);
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
        assert_eq!(key["kid"], support::b64(hash), "RFC 7638");
    }
}
