//! What a verifier asks for a key.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use msf_core::BoxError;

use super::PublicKey;

/// Public keys by their ids: of one issuer, and of nobody else.
///
/// A [`KeyRing`](super::KeyRing) is one for tokens of the same process, [`RemoteKeys`](super::RemoteKeys) for those of
/// others, a [`KeySet`](super::KeySet) for keys that never change.
///
/// ```
/// use msf_auth::keys::{KeyRing, Keys};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let ring = KeyRing::generate().unwrap();
/// assert!(ring.find("no-such-key").await.unwrap().is_none());
/// # });
/// ```
pub trait Keys: Send + Sync + 'static {
    /// The key of this id; `None` where the issuer has none.
    ///
    /// # Errors
    ///
    /// Whether there is such a key cannot be found out now. The caller is answered with 503, not with 401.
    fn find<'a>(
        &'a self,
        kid: &'a str,
    ) -> BoxFuture<'a, Result<Option<PublicKey>, KeysUnavailable>>;

    /// A number that is another one once the keys are others.
    ///
    /// It is asked for at each use of a remembered token, so it has to be quick; what was verified under another version is
    /// verified again.
    fn version(&self) -> u64;
}

impl<T: Keys + ?Sized> Keys for Arc<T> {
    fn find<'a>(
        &'a self,
        kid: &'a str,
    ) -> BoxFuture<'a, Result<Option<PublicKey>, KeysUnavailable>> {
        (**self).find(kid)
    }

    fn version(&self) -> u64 {
        (**self).version()
    }
}

/// The keys of an issuer cannot be had now; the cause is its source.
///
/// ```
/// use msf_auth::keys::KeysUnavailable;
/// assert_eq!(KeysUnavailable::new("connection refused").to_string(), "the issuer's keys cannot be fetched");
/// ```
#[derive(Debug, Clone)]
pub struct KeysUnavailable(Arc<BoxError>);

impl KeysUnavailable {
    /// Keeps the cause, for the log.
    pub fn new(cause: impl Into<BoxError>) -> Self {
        Self(Arc::new(cause.into()))
    }
}

impl fmt::Display for KeysUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the issuer's keys cannot be fetched")
    }
}

impl std::error::Error for KeysUnavailable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&**self.0)
    }
}

/// Whole seconds since 1970; zero for a clock that stands before.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
