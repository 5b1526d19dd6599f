//! How long to wait after one failure more.

use std::time::Duration;

use rand::Rng as _;

/// Waits of 50 ms, doubling to 5 s, each jittered by half.
#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// The wait after one failure more.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = Duration::from_millis(50)
            .saturating_mul(1 << self.0.min(7))
            .min(Duration::from_secs(5));
        self.0 = self.0.saturating_add(1);
        whole.mul_f64(rand::rng().random_range(0.5..1.0))
    }

    /// Whether nothing has failed since the last success.
    pub(crate) fn is_fresh(&self) -> bool {
        self.0 == 0
    }

    /// After a success.
    pub(crate) fn reset(&mut self) {
        self.0 = 0;
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
    }
}
