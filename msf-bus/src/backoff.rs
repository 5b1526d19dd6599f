//! How long to wait after one failure more.

use std::time::Duration;

use rand::Rng as _;

/// Waits of 50 ms, doubling to a bound, each jittered by half. Default: up to 5 s.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Backoff {
    /// Waits no longer than this.
    pub(crate) const fn up_to(longest: Duration) -> Self {
        Self {
            failures: 0,
            longest,
        }
    }

    /// The wait after one failure more.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = Duration::from_millis(50)
            .saturating_mul(1 << self.failures.min(7))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        whole.mul_f64(rand::rng().random_range(0.5..1.0))
    }

    /// Whether nothing has failed since the last success.
    pub(crate) fn is_fresh(&self) -> bool {
        self.failures == 0
    }

    /// After a success.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(Duration::from_secs(5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..12).map(|_| backoff.next()).collect();
        assert!(waits[0] <= Duration::from_millis(50));
        assert!(waits[11] > Duration::from_secs(2) && waits[11] <= Duration::from_secs(5));
        backoff.reset();
        assert!(backoff.is_fresh());
        assert!(backoff.next() <= Duration::from_millis(50));
        let mut short = Backoff::up_to(Duration::from_millis(80));
        let waits: Vec<_> = (0..12).map(|_| short.next()).collect();
        assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(80)));
    }
}
