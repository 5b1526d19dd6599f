//! A client of a shop that is another process: it outlives that, and tells an answer from none.

use std::sync::OnceLock;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use msf_service::axum::http::{HeaderMap, Request, StatusCode};
use msf_testing::Contract;
use serde_json::{Value, json};

/// What the gateway promises, whichever process it is in.
static CONTRACT: OnceLock<Contract> = OnceLock::new();

/// Calls one address; a clone shares the connections.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: String,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nobody listens: the request was never there.
    Unreachable,
    /// The other side went away before the answer was whole.
    BrokenOff,
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
        self.try_send(method, path, token, body).await.ok()
    }

    /// The same, and why there is none.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Answer, NoAnswer> {
        let mut headers = Vec::new();
        if let Some(token) = token {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer = self
            .request(
                method,
                &format!("{}{path}", self.base),
                &headers,
                body.clone(),
            )
            .await?;
        if path.starts_with("/api/") {
            self.hold(method, path, &body, &answer).await;
        }
        Ok(answer)
    }

    /// Holds an answer against the document of the gateway, which is asked for once.
    async fn hold(&self, method: &str, path: &str, sent: &str, answer: &Answer) {
        if CONTRACT.get().is_none() {
            let url = format!("{}/openapi.json", self.base);
            match self.request("GET", &url, &[], String::new()).await {
                Ok(document) if document.status == 200 => {
                    // Another task may have been first, with the same document.
                    let _ = CONTRACT.set(Contract::of(&document.json()));
                }
                // A shop that is being killed; a later answer will be held.
                _ => return,
            }
        }
        let contract = CONTRACT.get().unwrap();
        let status = StatusCode::from_u16(answer.status).unwrap();
        let body = answer.text.as_bytes();
        let mut told = contract.check(method, path, status, &answer.headers, body);
        if told.is_ok() && status.is_success() {
            told = contract.check_request(method, path, sent.as_bytes());
        }
        assert_eq!(told, Ok(()), "this is not in the document");
    }

    /// Any request to any address.
    pub async fn request(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Answer, NoAnswer> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.pool.request(request.body(body.into()).unwrap());
        let response = response.await.map_err(|error| {
            if error.is_connect() {
                NoAnswer::Unreachable
            } else {
                NoAnswer::BrokenOff
            }
        })?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| NoAnswer::BrokenOff)?;
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        })
    }

    pub async fn try_register(&self, email: &str, password: &str) -> Result<Answer, NoAnswer> {
        let body = json!({ "name": "Ana", "email": email, "password": password });
        self.try_send("POST", "/api/v1/register", None, Some(body))
            .await
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
