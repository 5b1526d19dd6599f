//! What a service shows to the services that it calls.

use std::sync::Arc;

use http::HeaderValue;

use super::Principal;
use crate::error::Error;

/// What proves to a callee who is calling: the value of the `authorization` header of one call.
///
/// The client side of [`Authenticator`](super::Authenticator). A client asks it for every call, so an implementation
/// keeps what is costly to make.
///
/// ```
/// use http::HeaderValue;
/// use msf_core::access::{CallIdentity, Principal};
/// use msf_core::error::Error;
///
/// /// One fixed key for a third party's API, whoever the current caller is.
/// struct ApiKey(HeaderValue);
///
/// impl CallIdentity for ApiKey {
///     fn header(&self, _: Option<&Principal>, _: &str) -> Result<HeaderValue, Error> {
///         Ok(self.0.clone())
///     }
/// }
///
/// let mut key = HeaderValue::from_static("Bearer k3y");
/// key.set_sensitive(true);
/// assert!(ApiKey(key).header(None, "mail-provider").unwrap().is_sensitive());
/// ```
pub trait CallIdentity: Send + Sync + 'static {
    /// The header value for a call to `callee`, made while `principal` is the current caller.
    ///
    /// Mark the value sensitive, so that no log shows it.
    ///
    /// # Errors
    ///
    /// No proof can be made. The call is not sent.
    fn header(&self, principal: Option<&Principal>, callee: &str) -> Result<HeaderValue, Error>;
}

impl<T: CallIdentity + ?Sized> CallIdentity for Arc<T> {
    fn header(&self, principal: Option<&Principal>, callee: &str) -> Result<HeaderValue, Error> {
        (**self).header(principal, callee)
    }
}
