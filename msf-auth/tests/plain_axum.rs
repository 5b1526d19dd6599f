//! The example on axum, over a socket.

#[path = "../examples/plain_axum.rs"]
mod example;
mod support;

use http::StatusCode;
use msf_auth::keys::KeyRing;
use support::serve::{Reply, get, request, send, start};

async fn login(addr: std::net::SocketAddr) -> String {
    let reply = send(addr, request("POST", "/demo-login", &[])).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let answer = reply.json();
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"]),
        (&"Bearer".into(), &600.into())
    );
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn with(addr: std::net::SocketAddr, path: &str, authorization: &str) -> Reply {
    get(addr, path, &[("authorization", authorization)]).await
}

#[tokio::test]
async fn a_token_from_the_login_opens_what_its_rules_allow() {
    let addr = start(example::app(KeyRing::generate().unwrap())).await;
    let bearer = format!("Bearer {}", login(addr).await);
    let own = with(addr, "/notes/ana", &bearer).await;
    assert_eq!(
        (own.status, own.text()),
        (StatusCode::OK, "the notes of ana")
    );
    assert_eq!(
        with(addr, "/notes/bob", &bearer).await.status,
        StatusCode::FORBIDDEN
    );
    let me = with(addr, "/me", &bearer).await.json();
    assert_eq!(
        me,
        serde_json::json!({"subject": "ana", "session": "session-1"})
    );
    assert_eq!(
        with(addr, "/nowhere", &bearer).await.status,
        StatusCode::NOT_FOUND
    );
}

/// RFC 6750, section 3: what a refusal says, and what it does not.
#[tokio::test]
async fn a_refusal_has_the_challenge_of_its_kind() {
    let addr = start(example::app(KeyRing::generate().unwrap())).await;
    let token = login(addr).await;
    let rows: [(&[&str], StatusCode, &str, &str); 8] = [
        (&[], StatusCode::UNAUTHORIZED, "unauthenticated", "Bearer"),
        (
            &["Bearer garbage"],
            StatusCode::UNAUTHORIZED,
            "token.invalid",
            r#"Bearer error="invalid_token""#,
        ),
        (
            &["Bearer"],
            StatusCode::UNAUTHORIZED,
            "token.invalid",
            r#"Bearer error="invalid_token""#,
        ),
        (
            &["Basic YTpi"],
            StatusCode::UNAUTHORIZED,
            "token.invalid",
            r#"Bearer error="invalid_token""#,
        ),
        (
            &[&token],
            StatusCode::UNAUTHORIZED,
            "token.invalid",
            r#"Bearer error="invalid_token""#,
        ),
        (
            &["Bearer a", "Bearer b"],
            StatusCode::BAD_REQUEST,
            "token.duplicate",
            r#"Bearer error="invalid_request""#,
        ),
        (
            &["Bearer a, Bearer b"],
            StatusCode::BAD_REQUEST,
            "token.duplicate",
            r#"Bearer error="invalid_request""#,
        ),
        (
            &["Bearer a b"],
            StatusCode::BAD_REQUEST,
            "token.duplicate",
            r#"Bearer error="invalid_request""#,
        ),
    ];
    for (values, status, code, challenge) in rows {
        let headers: Vec<_> = values
            .iter()
            .map(|value| ("authorization", *value))
            .collect();
        let reply = get(addr, "/me", &headers).await;
        assert_eq!(reply.status, status, "{values:?}");
        assert_eq!(reply.json()["code"], code, "{values:?}");
        assert_eq!(reply.header("www-authenticate"), challenge, "{values:?}");
        // A public route does not look.
        let jwks = get(addr, "/.well-known/jwks.json", &headers).await;
        assert_eq!(jwks.status, StatusCode::OK);
    }
    let forbidden = with(addr, "/notes/bob", &format!("Bearer {token}")).await;
    assert_eq!(forbidden.header("www-authenticate"), "");
}

#[tokio::test]
async fn a_token_of_another_ring_is_nobodys() {
    let addr = start(example::app(KeyRing::generate().unwrap())).await;
    let other = start(example::app(KeyRing::generate().unwrap())).await;
    let bearer = format!("Bearer {}", login(other).await);
    assert_eq!(
        with(addr, "/me", &bearer).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(with(other, "/me", &bearer).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_jwks_may_be_kept_and_names_its_type() {
    let addr = start(example::app(KeyRing::generate().unwrap())).await;
    let reply = get(addr, "/.well-known/jwks.json", &[]).await;
    assert_eq!(reply.header("content-type"), "application/jwk-set+json");
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    assert_eq!(reply.json()["keys"][0]["alg"], "EdDSA");
}
