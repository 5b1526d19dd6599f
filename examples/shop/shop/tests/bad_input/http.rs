//! The table over HTTP.

use serde_json::{Value, json};

use super::bodies::{Row, routes};
use super::support::api::{Tokens, login, me, new_user};
use super::support::{Options, PASSWORD, Shop, fresh_email};
use super::tokens;

/// What must be in no answer: names of ours that a caller has no use for.
const INTERNALS: &[&str] = &[
    "sqlite",
    "rusqlite",
    ".rs:",
    "panicked",
    "argon2",
    "msf_",
    "127.0.0.1",
    "user-service",
    "product-service",
    "struct",
];

pub(crate) async fn check(shop: &Shop, row: &Row) {
    let mut call = shop
        .gateway
        .call(row.method, &row.path)
        .body(row.body.clone());
    for (name, value) in &row.headers {
        call = call.header(name, value);
    }
    let answer = call.send().await;
    let told = format!(
        "{} {}: {}\n{}",
        row.method,
        row.path,
        row.name,
        answer.text()
    );
    assert_eq!(answer.status().as_u16(), row.status, "{told}");
    assert!(!answer.header("x-correlation-id").is_empty(), "{told}");
    if row.status < 400 {
        return;
    }
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{told}"
    );
    let problem: Value = answer.json();
    assert_eq!(problem["status"], row.status, "{told}");
    assert_eq!(
        problem["correlation_id"],
        answer.header("x-correlation-id"),
        "{told}"
    );
    if let Some(field) = row.field {
        let errors = problem["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("no field: {told}"));
        assert!(errors.iter().any(|error| error["field"] == field), "{told}");
        if let Some(code) = row.code {
            let named = |error: &Value| error["field"] == field && error["code"] == code;
            assert!(errors.iter().any(named), "{code}: {told}");
        }
        for error in errors {
            assert!(!error["code"].as_str().unwrap().is_empty(), "{told}");
            assert!(!error["message"].as_str().unwrap().is_empty(), "{told}");
        }
    }
    if let (None, Some(code)) = (row.field, row.code) {
        assert_eq!(problem["code"], code, "{told}");
    }
    match row.status {
        401 => assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{told}"
        ),
        405 => assert!(!answer.header("allow").is_empty(), "{told}"),
        429 => assert!(!answer.header("retry-after").is_empty(), "{told}"),
        _ => {}
    }
    let text = answer.text().to_lowercase();
    for internal in INTERNALS {
        assert!(!text.contains(internal), "{internal} in {told}");
    }
}

#[tokio::test]
async fn every_row_is_answered_as_it_should_be() {
    let options = Options {
        auth_failures: Some(0),
        login_failures: Some(100_000),
        ..Options::default()
    };
    let shop = Shop::with(options).await;
    let (email, tokens) = new_user(&shop.gateway).await;
    // A session of its own for the rows: a logout must not end the one that is looked at afterwards.
    let spare = Tokens::of(&login(&shop.gateway, &email, PASSWORD).await);
    let bearer = format!("Bearer {}", tokens.access);

    let mut rows = Vec::new();
    for route in routes(&fresh_email(), &spare.refresh) {
        for mut row in [route.field_rows(), route.body_rows(), route.head_rows()].concat() {
            if route.authenticated {
                row.headers.push(("authorization", bearer.clone()));
            }
            if row.status == 201 {
                // Each needs an address of its own.
                let mut body: Value = serde_json::from_slice(&row.body).unwrap();
                body["email"] = json!(fresh_email());
                row.body = serde_json::to_vec(&body).unwrap();
            }
            rows.push(row);
        }
    }
    let logout = json!({ "refresh_token": spare.refresh }).to_string();
    let guarded = [
        ("GET", "/api/v1/me", Vec::new()),
        ("POST", "/api/v1/logout", logout.into_bytes()),
    ];
    rows.extend(tokens::rows(&tokens.access, &guarded));
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        rows.push(Row::of(method, "/api/v1/me", 405).header("authorization", bearer.clone()));
    }
    assert!(rows.len() >= 120, "{}", rows.len());
    for row in &rows {
        check(&shop, row).await;
    }
    println!("{} rows", rows.len());

    // After all that: nothing of ours failed, and who was logged in still is.
    let errors = shop.errors();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(me(&shop.gateway, &tokens.access).await.status(), 200);
    let identity_headers = shop
        .gateway
        .get("/api/v1/me")
        .header("authorization", &bearer);
    let answer = identity_headers
        .header("x-forwarded-user", "admin")
        .header("x-msf-subject", "admin")
        .send()
        .await;
    assert_eq!(answer.json::<Value>()["email"], email);
}
