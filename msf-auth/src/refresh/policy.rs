//! How long a session lives.

use std::time::Duration;

/// How long a session lives, and how many one subject may have.
///
/// ```
/// use msf_auth::refresh::SessionPolicy;
/// use std::time::Duration;
///
/// let day = Duration::from_secs(24 * 60 * 60);
/// let policy = SessionPolicy { idle: day, ..SessionPolicy::default() };
/// assert_eq!((policy.absolute, policy.grace), (30 * day, Duration::from_secs(10)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// From the login to the end, whatever happens. Default: 30 days.
    pub absolute: Duration,
    /// From the last rotation to the end. Default: 7 days.
    pub idle: Duration,
    /// How long after a rotation the immediate predecessor still gives the same successor. Default: 10 s. Zero makes every second use
    /// end the session.
    pub grace: Duration,
    /// How many sessions one subject has at most; a further login ends the one that was used longest ago. Default: 50; one at least.
    pub per_subject: u32,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            absolute: DAY * 30,
            idle: DAY * 7,
            grace: Duration::from_secs(10),
            per_subject: 50,
        }
    }
}
