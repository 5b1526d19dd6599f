//! When keys are changed.

use std::time::Duration;

use super::KeyRingError;

/// How long a JWKS may be kept by whoever fetched it: what `Cache-Control` says.
pub(super) const JWKS_MAX_AGE: Duration = Duration::from_secs(300);
/// How far clocks may differ: the leeway of a verifier and as much of the issuer.
const SKEW: Duration = Duration::from_secs(60);

/// The times of a key rotation: published, signing, retired.
///
/// A new key is published at once, and signs once everybody who fetched the old JWKS has fetched it again
/// ([`publish_ahead`](Self::publish_ahead)). The old key stays published until the last token that it signed is over
/// ([`max_token_lifetime`](Self::max_token_lifetime), and a minute for clocks).
///
/// ```
/// use msf_auth::keys::RotationPolicy;
/// use std::time::Duration;
/// let policy = RotationPolicy::default().rotate_every(Duration::from_secs(7 * 24 * 3600));
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RotationPolicy {
    publish_ahead: Duration,
    max_token_lifetime: Duration,
    rotate_every: Duration,
}

impl Default for RotationPolicy {
    /// Ten minutes ahead, tokens of 15 minutes at most, a new key every 30 days.
    fn default() -> Self {
        Self {
            publish_ahead: Duration::from_secs(600),
            max_token_lifetime: Duration::from_secs(900),
            rotate_every: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

impl RotationPolicy {
    /// How long a new key is published before it signs. Default: ten minutes. At least six: the JWKS may be kept for five,
    /// and clocks differ.
    pub fn publish_ahead(mut self, time: Duration) -> Self {
        self.publish_ahead = time;
        self
    }

    /// The longest lifetime of a token that the ring signs. Default: 15 minutes.
    pub fn max_token_lifetime(mut self, time: Duration) -> Self {
        self.max_token_lifetime = time;
        self
    }

    /// The age at which the newest key gets a successor. Default: 30 days.
    pub fn rotate_every(mut self, time: Duration) -> Self {
        self.rotate_every = time;
        self
    }

    pub(crate) fn longest_token(&self) -> Duration {
        self.max_token_lifetime
    }

    pub(super) fn ahead(&self) -> u64 {
        self.publish_ahead.as_secs()
    }

    pub(super) fn period(&self) -> u64 {
        self.rotate_every.as_secs()
    }

    /// How long a key stays published after its successor began to sign.
    pub(super) fn overlap(&self) -> u64 {
        (self.max_token_lifetime + SKEW).as_secs()
    }

    pub(super) fn check(self) -> Result<Self, KeyRingError> {
        if self.publish_ahead < JWKS_MAX_AGE + SKEW {
            return Err(KeyRingError::Policy(
                "a new key has to be published for at least six minutes before it signs: others may keep the old JWKS for five",
            ));
        }
        if self.max_token_lifetime.is_zero() || self.max_token_lifetime > self.rotate_every {
            return Err(KeyRingError::Policy(
                "tokens have to live longer than no time, and not longer than their key",
            ));
        }
        if self.rotate_every < self.publish_ahead * 2 {
            return Err(KeyRingError::Policy(
                "a key has to live at least twice as long as it is published ahead, or rotations overtake each other",
            ));
        }
        Ok(self)
    }
}
