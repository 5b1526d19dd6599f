//! How often a failed event is tried again, and when.

use std::time::Duration;

use rand::Rng as _;

/// The longest time that is waited: centuries, and no overflow however it is jittered.
const LONGEST: Duration = Duration::from_secs(1 << 33);

/// How often a failed event is tried again, and after which times.
///
/// Each time is jittered by a fifth up or down, so that what failed together does not come back together. Default: 50 ms,
/// 200 ms, 1 s, 5 s, 30 s, 2 min, 10 min and 1 h, then a dead letter.
///
/// ```
/// use msf_bus::Retry;
/// use std::time::Duration;
/// let retry = Retry::after([Duration::from_secs(1), Duration::from_secs(60)]);
/// assert_eq!(retry.attempts(), 3);
/// assert_eq!(Retry::never().attempts(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry(Vec<Duration>);

impl Retry {
    /// Tries again after each of these times.
    pub fn after(times: impl IntoIterator<Item = Duration>) -> Self {
        Self(times.into_iter().collect())
    }

    /// The first failure makes a dead letter.
    pub fn never() -> Self {
        Self(Vec::new())
    }

    /// How often an event is tried in all.
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.0.len()).map_or(u32::MAX, |times| times.saturating_add(1))
    }

    /// When to try again after the attempt with this number failed; `None` when it was the last.
    pub(crate) fn next(&self, attempt: u32) -> Option<Duration> {
        let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
        let time = self.0.get(index)?;
        Some(
            (*time)
                .min(LONGEST)
                .mul_f64(rand::rng().random_range(0.8..1.2)),
        )
    }
}

impl Default for Retry {
    fn default() -> Self {
        let millis = [50, 200, 1000, 5000, 30_000, 120_000, 600_000, 3_600_000];
        Self::after(millis.map(Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_its_time_within_a_fifth_and_the_last_not_at_all() {
        let retry = Retry::default();
        for (attempt, millis) in [(1, 50.0), (2, 200.0), (8, 3_600_000.0)] {
            for _ in 0..100 {
                let wait = retry.next(attempt).unwrap().as_secs_f64() * 1000.0;
                assert!((millis * 0.8..=millis * 1.2).contains(&wait), "{wait}");
            }
        }
        assert_eq!(retry.next(9), None);
        assert_eq!(retry.attempts(), 9);
    }

    #[test]
    fn a_time_without_end_is_long_and_no_panic() {
        let retry = Retry::after([Duration::MAX; 20]);
        for attempt in 1..=20 {
            assert!(retry.next(attempt) > Some(Duration::from_secs(1 << 32)));
        }
    }
}
