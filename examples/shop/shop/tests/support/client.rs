//! A client of a shop that is another process: it outlives that, and tells an answer from none.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use msf_service::axum::http::{HeaderMap, Request};
use serde_json::{Value, json};

/// Calls one address; a clone shares the connections.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: String,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A text member.
    pub fn member(&self, name: &str) -> String {
        let value = self.json();
        let text = value[name].as_str().map(str::to_owned);
        text.unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }
}

impl Client {
    pub fn new(base: &str) -> Self {
        Self {
            pool: Pool::builder(TokioExecutor::new()).build_http(),
            base: base.to_owned(),
        }
    }

    /// Speaks HTTP/2.
    pub fn http2(base: &str) -> Self {
        Self {
            pool: Pool::builder(TokioExecutor::new())
                .http2_only(true)
                .build_http(),
            base: base.to_owned(),
        }
    }

    /// The answer, or `None` where the other side went away before it was whole.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Option<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let response = self
            .pool
            .request(request.body(body.into()).unwrap())
            .await
            .ok()?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        Some(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    pub async fn register(&self, email: &str, password: &str) -> Option<Answer> {
        let body = json!({ "name": "Ana", "email": email, "password": password });
        self.send("POST", "/api/v1/register", None, Some(body))
            .await
    }

    pub async fn login(&self, email: &str, password: &str) -> Option<Answer> {
        let body = json!({ "email": email, "password": password });
        self.send("POST", "/api/v1/login", None, Some(body)).await
    }

    pub async fn refresh(&self, token: &str) -> Option<Answer> {
        let body = json!({ "refresh_token": token });
        self.send("POST", "/api/v1/refresh-token", None, Some(body))
            .await
    }

    pub async fn logout(&self, access: &str, refresh: &str) -> Option<Answer> {
        let body = json!({ "refresh_token": refresh });
        self.send("POST", "/api/v1/logout", Some(access), Some(body))
            .await
    }
}
