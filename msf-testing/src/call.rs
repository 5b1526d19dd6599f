//! One HTTP request of a test.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use msf_core::access::Principal;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "openapi")]
use crate::contract::Contract;
use crate::principal::Passport;

/// A request before it is sent.
#[derive(Debug)]
#[must_use = "call `send`"]
pub struct Call<'a> {
    passport: &'a Passport,
    method: String,
    base: String,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    http2: bool,
    #[cfg(feature = "openapi")]
    contract: Option<&'a Contract>,
}

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl<'a> Call<'a> {
    pub(crate) fn new(passport: &'a Passport, method: &str, base: String, path: &str) -> Self {
        Self {
            passport,
            method: method.to_owned(),
            base,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            http2: false,
            #[cfg(feature = "openapi")]
            contract: None,
        }
    }

    #[cfg(feature = "openapi")]
    pub(crate) fn held_to(mut self, contract: Option<&'a Contract>) -> Self {
        self.contract = contract;
        self
    }

    /// Calls as the user `subject` with these roles.
    pub fn as_user(self, subject: &str, roles: &[&str]) -> Self {
        let user = roles
            .iter()
            .fold(Principal::user(subject), |user, role| user.with_role(*role));
        self.as_principal(&user)
    }

    /// Calls as any principal.
    pub fn as_principal(mut self, principal: &Principal) -> Self {
        self.headers
            .insert(AUTHORIZATION, self.passport.header(principal));
        self
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// When name or value cannot be a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers
            .append(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// Sends `value` as JSON.
    ///
    /// # Panics
    ///
    /// When it cannot be written as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = serde_json::to_vec(value)
            .expect("a value that JSON can hold")
            .into();
        self
    }

    /// Sends these bytes.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Speaks HTTP/2.
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    ///
    /// When the app cannot be reached or breaks off, or the answer is not the one that its document promises (after
    /// `Started::hold_to_contract`): that is a failed test.
    pub async fn send(self) -> Answer {
        #[cfg(feature = "openapi")]
        if let Some(contract) = self.contract {
            let (method, path) = (self.method.clone(), self.path.clone());
            let sent = self.body.clone();
            let answer = self.answer().await;
            contract.hold(&method, &path, &sent, &answer);
            return answer;
        }
        self.answer().await
    }

    async fn answer(self) -> Answer {
        let response = self.head().await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the whole body of the answer");
        let mut headers = parts.headers;
        headers.extend(body.trailers().cloned().unwrap_or_default());
        Answer {
            status: parts.status,
            headers,
            body: body.to_bytes(),
        }
    }

    /// Sends it and reads the head only.
    pub(crate) async fn head(self) -> http::Response<hyper::body::Incoming> {
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method.parse().expect("a method");
        *request.uri_mut() = format!("{}{}", self.base, self.path)
            .parse()
            .expect("a path");
        *request.headers_mut() = self.headers;
        let client = Client::builder(TokioExecutor::new())
            .http2_only(self.http2)
            .build_http();
        client.request(request).await.expect("an answer")
    }
}

impl Answer {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers, and the trailers if there are any.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header as text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    ///
    /// # Panics
    ///
    /// When it is none of type `T`.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the answer is no such JSON: {error}: {}", self.text()),
        }
    }
}
