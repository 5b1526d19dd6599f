//! Turns credentials into a principal.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Principal;
use crate::error::{Error, Kind};

/// Says who sent a request, by its headers.
///
/// `Ok(None)` means that there are no credentials; an error means that there are, and they are bad. Both are refused
/// wherever a rule asks for a principal, with different words.
///
/// ```
/// use futures_util::future::BoxFuture;
/// use msf_core::access::{Authenticator, Principal};
/// use msf_core::error::{Error, Kind};
///
/// /// A proxy in front has verified a client certificate and names its subject.
/// struct ByProxy;
///
/// impl Authenticator for ByProxy {
///     fn authenticate<'a>(
///         &'a self,
///         headers: &'a http::HeaderMap,
///     ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
///         Box::pin(async move {
///             let Some(subject) = headers.get("x-client-subject") else { return Ok(None) };
///             let subject = subject.to_str().map_err(|_| Error::of(Kind::Unauthenticated))?;
///             Ok(Some(Principal::user(subject)))
///         })
///     }
/// }
/// ```
pub trait Authenticator: Send + Sync + 'static {
    /// Looks at the credentials in `headers`.
    ///
    /// # Errors
    ///
    /// The credentials are there and cannot be accepted.
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>>;

    /// What [`authenticate`](Self::authenticate) would answer, where that is known without waiting; else `None`, and it is
    /// asked. Default: `None`.
    ///
    /// For credentials that were looked at before: the layer then handles the request without a box for a future.
    fn known(&self, headers: &HeaderMap) -> Option<Result<Option<Principal>, Error>> {
        let _ = headers;
        None
    }

    /// Whether there are credentials at all, good or bad. Default: there is an `authorization` header.
    ///
    /// A [`FailureLimit`](super::FailureLimit) asks: who has used up its bound may still come without any.
    fn has_credentials(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(AUTHORIZATION)
    }

    /// Whether an error of [`authenticate`](Self::authenticate) counts for a [`FailureLimit`](super::FailureLimit): somebody
    /// may be guessing. Default: every bad credential; not a key server that is down.
    ///
    /// Say no to what honest callers come with every day, such as a genuine token that has expired.
    fn is_guess(&self, error: &Error) -> bool {
        matches!(error.kind(), Kind::Unauthenticated | Kind::Malformed)
    }
}

impl<T: Authenticator + ?Sized> Authenticator for Arc<T> {
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        (**self).authenticate(headers)
    }

    fn known(&self, headers: &HeaderMap) -> Option<Result<Option<Principal>, Error>> {
        (**self).known(headers)
    }

    fn has_credentials(&self, headers: &HeaderMap) -> bool {
        (**self).has_credentials(headers)
    }

    fn is_guess(&self, error: &Error) -> bool {
        (**self).is_guess(error)
    }
}

/// What authentication found out about a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Identity {
    /// There were no credentials.
    Anonymous,
    /// The credentials name this principal.
    Known(Principal),
    /// There were credentials, and they were refused for this reason.
    Refused(Error),
}

impl Identity {
    /// The principal, if one is known. A principal with an empty subject counts as none.
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::Known(principal) if !principal.subject().is_empty() => Some(principal),
            _ => None,
        }
    }
}
