//! The HTTP API in the words of a client.

use msf_testing::{Answer, Started};
use serde_json::{Value, json};

use super::{ADMIN, PASSWORD, fresh_email};

/// The tokens of a login or a refresh.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Tokens {
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let body: Value = answer.json();
        Self {
            access: body["access_token"].as_str().unwrap().to_owned(),
            refresh: body["refresh_token"].as_str().unwrap().to_owned(),
        }
    }
}

pub async fn register(gateway: &Started, email: &str, password: &str) -> Answer {
    let body = json!({ "name": "Ana", "email": email, "password": password });
    gateway.post("/api/v1/register").json(&body).send().await
}

pub async fn login(gateway: &Started, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    gateway.post("/api/v1/login").json(&body).send().await
}

pub async fn refresh(gateway: &Started, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    gateway
        .post("/api/v1/refresh-token")
        .json(&body)
        .send()
        .await
}

pub async fn logout(gateway: &Started, tokens: &Tokens) -> Answer {
    let body = json!({ "refresh_token": tokens.refresh });
    let call = gateway.post("/api/v1/logout").json(&body);
    call.header("authorization", &format!("Bearer {}", tokens.access))
        .send()
        .await
}

pub async fn me(gateway: &Started, access: &str) -> Answer {
    let call = gateway.get("/api/v1/me");
    call.header("authorization", &format!("Bearer {access}"))
        .send()
        .await
}

/// Registers somebody new and logs them in.
pub async fn new_user(gateway: &Started) -> (String, Tokens) {
    let email = fresh_email();
    let registered = register(gateway, &email, PASSWORD).await;
    assert_eq!(registered.status(), 201, "{}", registered.text());
    let tokens = Tokens::of(&login(gateway, &email, PASSWORD).await);
    (email, tokens)
}

/// Logs in the first admin.
pub async fn admin(gateway: &Started) -> Tokens {
    Tokens::of(&login(gateway, ADMIN, PASSWORD).await)
}

/// A request without a body, with the access token of these.
pub async fn as_user(gateway: &Started, method: &str, path: &str, tokens: &Tokens) -> Answer {
    let bearer = format!("Bearer {}", tokens.access);
    let call = gateway.call(method, path).header("authorization", &bearer);
    call.send().await
}

/// A request with a JSON body, with the access token of these.
pub async fn send_as(
    gateway: &Started,
    method: &str,
    path: &str,
    tokens: &Tokens,
    body: &Value,
) -> Answer {
    let bearer = format!("Bearer {}", tokens.access);
    let call = gateway.call(method, path).header("authorization", &bearer);
    call.json(body).send().await
}

/// The id of whom this access token is of.
pub async fn user_id(gateway: &Started, access: &str) -> String {
    let me = me(gateway, access).await;
    assert_eq!(me.status(), 200, "{}", me.text());
    me.json::<Value>()["id"].as_str().unwrap().to_owned()
}
