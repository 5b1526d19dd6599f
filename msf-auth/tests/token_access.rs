//! Access tokens from issue to principal.

mod support;

use std::time::Duration;

use msf_auth::keys::KeyRing;
use msf_auth::token::{AccessClaims, AccessTokens, AccessVerifier, NewAccess};
use msf_core::access::Authenticator as _;
use support::{
    AUDIENCE, ISSUER, NOW, ana, ask, at, clock, issue, refuses, ring, takes, tokens, unb64,
    verifier,
};

#[tokio::test]
async fn a_token_names_its_subject_roles_and_claims() {
    let clock = clock();
    let ring = ring(&clock);
    let access = ana().roles(["buyer", "seller"]).claim("tenant", "acme");
    let issued = tokens(&ring).issue(&access).unwrap();
    assert_eq!(issued.expires_in, Duration::from_secs(600));

    let verifier = verifier(&ring, &clock);
    for time in ["verified", "remembered"] {
        let principal = takes(&verifier, issued.token.expose()).await;
        assert_eq!(principal.subject(), "ana", "{time}");
        assert!(!principal.is_service());
        assert_eq!(
            principal.roles().collect::<Vec<_>>(),
            ["admin", "buyer", "seller"]
        );
        let claims = principal.claims::<AccessClaims>().unwrap();
        assert_eq!(claims.issuer(), ISSUER);
        assert_eq!(
            (claims.session_id(), claims.client_id()),
            ("session-1", "web")
        );
        assert_eq!(claims.issued_at(), at(NOW));
        assert_eq!(claims.expires_at(), at(NOW + 600));
        assert_eq!(claims.token_id().len(), 36);
        let extra: serde_json::Value = claims.extra().unwrap();
        assert_eq!(extra, serde_json::json!({"tenant": "acme"}));
    }
}

#[tokio::test]
async fn what_a_token_says_is_what_rfc_9068_wants_and_nothing_more() {
    let clock = clock();
    let ring = ring(&clock);
    let token = issue(&tokens(&ring));
    let [header, payload, _] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let jwks: serde_json::Value = serde_json::from_str(&ring.jwks()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&unb64(header)).unwrap();
    let expected =
        serde_json::json!({"typ": "at+jwt", "alg": "EdDSA", "kid": jwks["keys"][0]["kid"]});
    assert_eq!(header, expected);
    let mut payload: serde_json::Value = serde_json::from_slice(&unb64(payload)).unwrap();
    assert!(payload["jti"].take().as_str().is_some());
    let expected = serde_json::json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "client_id": "web", "sid": "session-1", "jti": null,
        "iat": NOW, "exp": NOW + 600, "roles": ["admin"],
    });
    assert_eq!(payload, expected);
    assert_ne!(
        issue(&tokens(&ring)),
        issue(&tokens(&ring)),
        "each has an id"
    );
}

#[tokio::test]
async fn no_header_is_nobody_and_another_service_or_issuer_is_refused() {
    let clock = clock();
    let ring = ring(&clock);
    let token = issue(&tokens(&ring));
    let own = verifier(&ring, &clock);
    let nobody = own.authenticate(&http::HeaderMap::new()).await.unwrap();
    assert!(nobody.is_none());
    for (issuer, audience) in [
        (ISSUER, "shop2"),
        (ISSUER, "Shop"),
        (ISSUER, ""),
        ("https://shop.example/", AUDIENCE),
        ("HTTPS://shop.example", AUDIENCE),
        ("", AUDIENCE),
    ] {
        let other = AccessVerifier::new(ring.clone(), issuer, audience).clock(&clock.clock());
        assert_eq!(
            refuses(&other, &token).await,
            "token.invalid",
            "{issuer} {audience}"
        );
    }
    let others_keys = verifier(&support::ring(&clock), &clock);
    assert_eq!(refuses(&others_keys, &token).await, "token.invalid");
    takes(&own, &token).await;
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_ends() {
    let clock = clock();
    let ring = ring(&clock);
    let token = issue(&tokens(&ring));
    let verifier = verifier(&ring, &clock);
    takes(&verifier, &token).await;
    clock.advance(Duration::from_secs(629));
    takes(&verifier, &token).await;
    clock.advance(Duration::from_secs(1));
    let error = ask(&verifier, &token).await.unwrap_err();
    assert_eq!(error.code(), "token.expired");
}

#[test]
fn what_cannot_be_issued_is_an_error_that_says_why() {
    let ring = KeyRing::generate().unwrap();
    let tokens = AccessTokens::new(ring, ISSUER, AUDIENCE);
    let cases = [
        (NewAccess::new("", "s", "c"), "needs a subject"),
        (NewAccess::new("u", "", "c"), "needs a subject"),
        (NewAccess::new("u", "s", ""), "needs a subject"),
        (ana().claim("sub", "bob"), "cannot be called `sub`"),
        (ana().claim("roles", "bob"), "cannot be called `roles`"),
        (ana().role("x".repeat(8000)), "verifiers take 8192"),
    ];
    for (access, why) in cases {
        let error = tokens.issue(&access).unwrap_err();
        assert_eq!(error.code(), "internal");
        let chain = msf_core::error::chain(&error);
        assert!(chain.contains(why), "{chain}");
    }
    for lifetime in [
        Duration::ZERO,
        Duration::from_millis(999),
        Duration::from_secs(901),
    ] {
        assert!(tokens.clone().lifetime(lifetime).is_err(), "{lifetime:?}");
    }
    let longest = tokens.lifetime(Duration::from_secs(900)).unwrap();
    assert_eq!(longest.issue(&ana()).unwrap().expires_in.as_secs(), 900);
}
