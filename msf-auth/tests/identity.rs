//! Identity tokens between services: who may say what to whom.

mod support;

use std::time::Duration;

use msf_auth::identity::{IdentityClaims, IdentityVerifier, ServiceIdentity};
use msf_auth::keys::KeyRing;
use msf_auth::token::{AccessClaims, AccessVerifier};
use msf_core::access::{Authenticator, CallIdentity, Principal};
use msf_core::error::{Error, Kind};
use serde_json::{Value, json};
use support::forge::{Forge, with, without};
use support::{NOW, clock, issue, refuses, ring, takes, tokens, unb64, verifier};

fn token(identity: &impl CallIdentity, principal: Option<&Principal>, callee: &str) -> String {
    let value = identity.header(principal, callee).unwrap();
    assert!(value.is_sensitive());
    let text = value.to_str().unwrap();
    text.strip_prefix("Bearer ").unwrap().to_owned()
}

#[tokio::test]
async fn a_service_speaks_for_itself_and_the_gateway_for_users() {
    let clock = clock();
    let (auth, gateway) = (ring(&clock), ring(&clock));
    let user_service = IdentityVerifier::new("user-service")
        .clock(&clock.clock())
        .trust("auth-service", auth.clone())
        .trust_for_users("api-gateway", gateway.clone());
    let auth = ServiceIdentity::new("auth-service", auth);
    let gateway = ServiceIdentity::new("api-gateway", gateway);
    let ana = Principal::user("ana").with_role("admin").with_role("buyer");

    let itself = takes(
        &user_service,
        &token(&auth.itself(), Some(&ana), "user-service"),
    )
    .await;
    assert!(itself.is_service());
    assert_eq!(itself.subject(), "auth-service");
    assert_eq!(itself.roles().count(), 0);

    let user = takes(
        &user_service,
        &token(&gateway.on_behalf(), Some(&ana), "user-service"),
    )
    .await;
    assert!(!user.is_service());
    assert_eq!(user.subject(), "ana");
    assert_eq!(user.roles().collect::<Vec<_>>(), ["admin", "buyer"]);
    let claims = user.claims::<IdentityClaims>().unwrap();
    assert_eq!((claims.actor(), claims.session_id()), ("api-gateway", None));
    assert_eq!(claims.token_id().len(), 36);

    let itself = takes(
        &user_service,
        &token(&gateway.itself(), Some(&ana), "user-service"),
    )
    .await;
    assert_eq!(
        (itself.is_service(), itself.subject()),
        (true, "api-gateway")
    );

    // Trusted, but not for users.
    let overreach = token(&auth.on_behalf(), Some(&ana), "user-service");
    assert_eq!(refuses(&user_service, &overreach).await, "token.invalid");
    // For another callee.
    let other = token(&auth.itself(), None, "product-service");
    assert_eq!(refuses(&user_service, &other).await, "token.invalid");
    // Under a name whose keys it does not have.
    let impostor = ServiceIdentity::new("api-gateway", support::ring(&clock));
    let forged = token(&impostor.on_behalf(), Some(&ana), "user-service");
    assert_eq!(refuses(&user_service, &forged).await, "token.invalid");
    // Nobody that it knows.
    let stranger = ServiceIdentity::new("email-service", support::ring(&clock));
    let stranger = token(&stranger.itself(), None, "user-service");
    assert_eq!(refuses(&user_service, &stranger).await, "token.invalid");
    let trusts_nobody = IdentityVerifier::new("user-service").clock(&clock.clock());
    let good = token(&auth.itself(), None, "user-service");
    assert_eq!(refuses(&trusts_nobody, &good).await, "token.invalid");
}

#[tokio::test]
async fn without_a_user_a_call_is_the_services_own() {
    let clock = clock();
    let ring = ring(&clock);
    let verifier = IdentityVerifier::new("b")
        .clock(&clock.clock())
        .trust_for_users("a", ring.clone());
    let identity = ServiceIdentity::new("a", ring);
    let (service, nameless) = (Principal::service("c"), Principal::user(""));
    for principal in [None, Some(&service), Some(&nameless)] {
        let named = takes(&verifier, &token(&identity.on_behalf(), principal, "b")).await;
        assert_eq!((named.is_service(), named.subject()), (true, "a"));
    }
}

#[tokio::test]
async fn the_session_goes_along_from_hop_to_hop() {
    let clock = clock();
    let (users, gateway, middle) = (ring(&clock), ring(&clock), ring(&clock));
    let from_outside = takes(&verifier(&users, &clock), &issue(&tokens(&users))).await;
    assert!(from_outside.claims::<AccessClaims>().is_some());

    let at_middle = IdentityVerifier::new("middle")
        .clock(&clock.clock())
        .trust_for_users("gateway", gateway.clone());
    let gateway = ServiceIdentity::new("gateway", gateway);
    let first = takes(
        &at_middle,
        &token(&gateway.on_behalf(), Some(&from_outside), "middle"),
    )
    .await;
    assert_eq!(
        first.claims::<IdentityClaims>().unwrap().session_id(),
        Some("session-1")
    );

    let at_end = IdentityVerifier::new("end")
        .clock(&clock.clock())
        .trust_for_users("middle", middle.clone());
    let middle = ServiceIdentity::new("middle", middle);
    let second = takes(&at_end, &token(&middle.on_behalf(), Some(&first), "end")).await;
    let claims = second.claims::<IdentityClaims>().unwrap();
    assert_eq!(
        (claims.actor(), claims.session_id()),
        ("middle", Some("session-1"))
    );
    assert_eq!((second.subject(), second.has_role("admin")), ("ana", true));
}

#[tokio::test]
async fn a_token_is_used_again_for_half_its_life_and_only_for_the_same_call() {
    let clock = clock();
    let ring = ring(&clock);
    let verifier = IdentityVerifier::new("b")
        .clock(&clock.clock())
        .leeway(Duration::ZERO)
        .trust_for_users("a", ring.clone());
    let identity = ServiceIdentity::new("a", ring);
    let on_behalf = identity.on_behalf();
    let ana = Principal::user("ana").with_role("x");
    let first = token(&on_behalf, Some(&ana), "b");
    assert_eq!(token(&on_behalf, Some(&ana.clone()), "b"), first);
    let mut seen = vec![first.clone()];
    for (who, callee) in [
        (Some(Principal::user("ana").with_role("x")), "c"),
        (Some(Principal::user("ana")), "b"),
        (
            Some(Principal::user("ana").with_role("x").with_role("y")),
            "b",
        ),
        (Some(Principal::user("bob").with_role("x")), "b"),
        (Some(Principal::user("a")), "b"),
        (None, "b"),
        (None, "c"),
    ] {
        let other = token(&on_behalf, who.as_ref(), callee);
        assert!(!seen.contains(&other), "{who:?} {callee}");
        seen.push(other);
    }
    clock.advance(Duration::from_secs(29));
    assert_eq!(token(&on_behalf, Some(&ana), "b"), first);
    clock.advance(Duration::from_secs(1));
    let second = token(&on_behalf, Some(&ana), "b");
    assert_ne!(second, first);
    takes(&verifier, &first).await;
    clock.advance(Duration::from_secs(30));
    assert_eq!(refuses(&verifier, &first).await, "token.expired");
    takes(&verifier, &second).await;
    clock.set(support::at(NOW));
    assert_ne!(
        token(&on_behalf, Some(&ana), "b"),
        second,
        "the clock was set back"
    );
}

fn claims(kind: &str) -> Value {
    let base = json!({"iss": "a", "aud": "b", "jti": "t", "iat": NOW, "exp": NOW + 60});
    match kind {
        "service" => with(with(base, "sub", "a"), "svc", true),
        _ => with(with(base, "sub", "ana"), "act", json!({"sub": "a"})),
    }
}

#[tokio::test]
async fn claims_that_contradict_each_other_are_refused_though_they_are_signed() {
    let clock = clock();
    let forge = Forge::ed();
    let keys = msf_auth::keys::KeySet::parse(forge.jwks().as_bytes()).unwrap();
    let verifier = IdentityVerifier::new("b")
        .clock(&clock.clock())
        .trust_for_users("a", keys);
    let header = with(forge.header(), "typ", "msf-identity+jwt").to_string();
    let sign = |claims: &Value| forge.token(&header, &claims.to_string());
    let (service, user) = (claims("service"), claims("user"));
    assert!(takes(&verifier, &sign(&service)).await.is_service());
    assert!(!takes(&verifier, &sign(&user)).await.is_service());
    let with_roles = with(with(user.clone(), "roles", json!(["x"])), "sid", "s");
    assert!(takes(&verifier, &sign(&with_roles)).await.has_role("x"));

    let bad = [
        // A service other than the issuer; a service with what only users have.
        with(service.clone(), "sub", "c"),
        with(service.clone(), "roles", json!(["admin"])),
        with(service.clone(), "sid", "s"),
        with(service.clone(), "act", json!({"sub": "a"})),
        with(service.clone(), "svc", false),
        with(service.clone(), "svc", "true"),
        with(service.clone(), "svc", json!(null)),
        without(service.clone(), "svc"),
        // A user without anybody who acts, or with somebody else.
        without(user.clone(), "act"),
        with(user.clone(), "act", json!({"sub": "c"})),
        with(user.clone(), "act", json!({"sub": ""})),
        with(user.clone(), "act", json!({})),
        with(user.clone(), "act", json!("a")),
        with(user.clone(), "act", json!(["a"])),
        with(user.clone(), "act", json!(null)),
        with(
            user.clone(),
            "act",
            json!({"sub": "a", "act": {"sub": "c"}}),
        ),
        with(user.clone(), "svc", true),
        with(user.clone(), "sub", ""),
        with(user.clone(), "sid", json!(null)),
        with(user.clone(), "roles", "admin"),
        with(user.clone(), "roles", json!(null)),
        // A claim of another kind of token.
        with(user.clone(), "client_id", "web"),
        with(user.clone(), "scope", "all"),
        // It lives too long.
        with(user.clone(), "exp", NOW + 61),
    ];
    for claims in bad {
        assert_eq!(
            refuses(&verifier, &sign(&claims)).await,
            "token.invalid",
            "{claims}"
        );
    }
    let twice = user
        .to_string()
        .replace(r#""act":"#, r#""act":{"sub":"a"},"act":"#);
    assert_eq!(
        refuses(&verifier, &forge.token(&header, &twice)).await,
        "token.invalid"
    );
    let twice = user
        .to_string()
        .replace(r#"{"sub":"a"}"#, r#"{"sub":"c","sub":"a"}"#);
    assert_ne!(twice, user.to_string());
    assert_eq!(
        refuses(&verifier, &forge.token(&header, &twice)).await,
        "token.invalid"
    );
}

/// Each kind of token at each verifier, all with one key ring and the same names: only the diagonal passes.
#[tokio::test]
async fn kinds_of_token_exclude_each_other() {
    let clock = clock();
    let ring = ring(&clock);
    let access = msf_auth::token::AccessTokens::new(ring.clone(), "a", "b");
    let access = issue(&access);
    let identity = ServiceIdentity::new("a", ring.clone());
    let user = Principal::user("ana");
    let on_behalf = token(&identity.on_behalf(), Some(&user), "b");
    let itself = token(&identity.itself(), None, "b");

    let access_verifier =
        msf_auth::token::AccessVerifier::new(ring.clone(), "a", "b").clock(&clock.clock());
    let identity_verifier = IdentityVerifier::new("b")
        .clock(&clock.clock())
        .trust_for_users("a", ring);
    let passes = async |verifier: &dyn Authenticator, token: &str| {
        verifier.authenticate(&support::bearer(token)).await.is_ok()
    };
    for (name, token, is_access) in [
        ("access", &access, true),
        ("on behalf", &on_behalf, false),
        ("itself", &itself, false),
    ] {
        assert_eq!(passes(&access_verifier, token).await, is_access, "{name}");
        assert_eq!(
            passes(&identity_verifier, token).await,
            !is_access,
            "{name}"
        );
    }
}

/// `typ` alone keeps the kinds apart, whatever claims a token has; and it cannot be changed without the key.
#[tokio::test]
async fn the_type_is_signed() {
    let clock = clock();
    let ring = ring(&clock);
    let token = issue(&tokens(&ring));
    let (header, rest) = token.split_once('.').unwrap();
    let header = String::from_utf8(unb64(header)).unwrap();
    let other = header.replace("at+jwt", "application/at+jwt");
    let forged = format!("{}.{rest}", support::b64(other));
    assert_eq!(
        refuses(&verifier(&ring, &clock), &forged).await,
        "token.invalid"
    );
}

#[test]
fn one_address_of_a_gateway_is_not_bounded() {
    // A bound per address would shut all users out with the first key that was changed.
    let verifier = IdentityVerifier::new("user-service");
    let invalid = Error::new(Kind::Unauthenticated, "token.invalid", "");
    assert!(!verifier.is_guess(&invalid));
    let verifier = AccessVerifier::new(KeyRing::generate().unwrap(), "issuer", "audience");
    assert!(verifier.is_guess(&invalid));
    // Every honest client comes with an expired token now and then.
    let expired = Error::new(Kind::Unauthenticated, "token.expired", "");
    assert!(!verifier.is_guess(&expired));
    assert!(!verifier.is_guess(&Error::of(Kind::Unavailable)));
}
