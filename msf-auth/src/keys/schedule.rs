//! When keys may be fetched again: a state machine without clock, lock or network.

use std::time::Duration;

use tokio::time::Instant;

/// After a success an unknown key id may lead to another fetch once in this time.
const AFTER_SUCCESS: Duration = Duration::from_secs(30);
const AFTER_FIRST_FAILURE: Duration = Duration::from_secs(1);
const AFTER_FAILURES: Duration = Duration::from_secs(30);
/// Keys of this age are fetched again when they are used.
const STALE: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schedule {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    ended: Instant,
    /// How long to wait after it; zero failures have a wait of their own.
    pause: Duration,
    failed: bool,
}

impl Schedule {
    /// Whether an unknown key id may lead to a fetch.
    pub(super) fn may_fetch(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now >= last.ended + last.pause)
    }

    /// Whether the use of a known key leads to a fetch.
    pub(super) fn is_stale(&self, now: Instant) -> bool {
        self.stale_from().is_none_or(|from| now >= from)
    }

    /// From when on the use of a known key leads to a fetch; `None`: at once.
    pub(super) fn stale_from(&self) -> Option<Instant> {
        self.last
            .map(|last| last.ended + if last.failed { last.pause } else { STALE })
    }

    pub(super) fn failed_last(&self) -> bool {
        self.last.is_some_and(|last| last.failed)
    }

    pub(super) fn succeeded(&mut self, now: Instant) {
        self.last = Some(Last {
            ended: now,
            pause: AFTER_SUCCESS,
            failed: false,
        });
    }

    pub(super) fn failed(&mut self, now: Instant) {
        let pause = match self.last {
            Some(last) if last.failed => (last.pause * 2).min(AFTER_FAILURES),
            _ => AFTER_FIRST_FAILURE,
        };
        self.last = Some(Last {
            ended: now,
            pause,
            failed: true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(schedule: &Schedule, from: Instant) -> u64 {
        (0..1000)
            .find(|seconds| schedule.may_fetch(from + Duration::from_secs(*seconds)))
            .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn failures_double_the_pause_up_to_half_a_minute_and_a_success_ends_that() {
        let now = Instant::now();
        let mut schedule = Schedule::default();
        assert!(schedule.may_fetch(now) && schedule.is_stale(now) && !schedule.failed_last());
        let pauses: Vec<_> = (0..8)
            .map(|_| {
                schedule.failed(now);
                assert!(schedule.failed_last());
                pause(&schedule, now)
            })
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        schedule.succeeded(now);
        assert_eq!(pause(&schedule, now), 30);
        assert!(!schedule.failed_last());
        schedule.failed(now);
        assert_eq!(pause(&schedule, now), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_stale_after_five_minutes_and_after_a_failure_with_its_pause() {
        let now = Instant::now();
        let mut schedule = Schedule::default();
        schedule.succeeded(now);
        assert!(!schedule.is_stale(now + Duration::from_secs(299)));
        assert!(schedule.is_stale(now + Duration::from_secs(300)));
        schedule.failed(now);
        assert!(!schedule.is_stale(now));
        assert!(schedule.is_stale(now + Duration::from_secs(1)));
    }
}
