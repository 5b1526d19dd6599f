//! What whoever logs in gets.

use std::fmt;
use std::time::Duration;

/// An access token and the refresh token that belongs to it. `Debug` shows neither.
pub struct Tokens {
    /// For every request.
    pub access_token: String,
    /// For the next pair of tokens.
    pub refresh_token: String,
    /// How long the access token is good for.
    pub expires_in: Duration,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
