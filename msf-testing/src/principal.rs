//! Calls as any principal: a header that only the app of this start accepts.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use msf_core::BoxFuture;
use msf_core::access::{Authenticator, Principal};
use msf_core::error::{Error, Kind};
use serde::{Deserialize, Serialize};

/// Makes and checks the header of one start.
#[derive(Clone, Debug)]
pub(crate) struct Passport {
    secret: Arc<str>,
}

#[derive(Serialize, Deserialize)]
struct Claim {
    secret: String,
    subject: String,
    service: bool,
    roles: Vec<String>,
}

/// The authenticator of a started app: the test's principals, then its own.
pub(crate) struct TestAuthenticator {
    pub(crate) passport: Passport,
    pub(crate) inner: Option<Arc<dyn Authenticator>>,
}

impl Passport {
    /// Of this start alone: another app of the same test refuses it.
    pub(crate) fn new() -> Self {
        Self {
            secret: uuid::Uuid::new_v4().to_string().into(),
        }
    }

    pub(crate) fn header(&self, principal: &Principal) -> HeaderValue {
        let claim = Claim {
            secret: self.secret.to_string(),
            subject: principal.subject().to_owned(),
            service: principal.is_service(),
            roles: principal.roles().map(str::to_owned).collect(),
        };
        let json = serde_json::to_vec(&claim).unwrap_or_default();
        let text = format!("Test {}", URL_SAFE_NO_PAD.encode(json));
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Test"))
    }

    fn check(&self, text: &str) -> Option<Principal> {
        let claim: Claim = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        if *claim.secret != *self.secret {
            return None;
        }
        let principal = if claim.service {
            Principal::service(claim.subject)
        } else {
            Principal::user(claim.subject)
        };
        Some(
            claim
                .roles
                .into_iter()
                .fold(principal, Principal::with_role),
        )
    }
}

impl Authenticator for TestAuthenticator {
    fn has_credentials(&self, headers: &HeaderMap) -> bool {
        match &self.inner {
            Some(inner) => inner.has_credentials(headers),
            None => headers.contains_key(AUTHORIZATION),
        }
    }

    fn is_guess(&self, error: &Error) -> bool {
        self.inner
            .as_ref()
            .is_none_or(|inner| inner.is_guess(error))
    }

    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        Box::pin(async move {
            let text = headers
                .get(AUTHORIZATION)
                .and_then(|value| value.to_str().ok());
            match (
                text.and_then(|text| text.strip_prefix("Test ")),
                &self.inner,
            ) {
                (Some(claim), _) => match self.passport.check(claim) {
                    Some(principal) => Ok(Some(principal)),
                    None => Err(Error::new(
                        Kind::Unauthenticated,
                        "test.refused",
                        "this is another app's principal",
                    )),
                },
                (None, Some(inner)) => inner.authenticate(headers).await,
                (None, None) if text.is_some() => Err(Error::of(Kind::Unauthenticated)),
                (None, None) => Ok(None),
            }
        })
    }
}
