//! The time of day, handed in, so that a test decides what time it is.
//!
//! What people wrongly assume: *"tokio's paused time is enough."* It stops timers and [`tokio::time::Instant`]; the time
//! of day, which tokens and events carry, goes on. Ask a [`Clock`] for that and give the test a [`FakeClock`].
//!
//! ```
//! use msf_core::clock::{Clock, FakeClock};
//! use std::time::{Duration, SystemTime};
//!
//! fn is_expired(clock: &Clock, at: SystemTime) -> bool {
//!     clock.now() >= at
//! }
//!
//! let fake = FakeClock::new(SystemTime::UNIX_EPOCH);
//! let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
//! assert!(!is_expired(&fake.clock(), expires));
//! fake.advance(Duration::from_secs(60));
//! assert!(is_expired(&fake.clock(), expires));
//! ```

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Tells the time of day. Clones tell the same time. Default: the system's clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    Fake(Arc<Mutex<SystemTime>>),
}

/// A clock that stands still until it is told to move. Clones move together.
#[derive(Clone)]
pub struct FakeClock(Arc<Mutex<SystemTime>>);

// === impl Clock ===

impl Clock {
    /// The system's own clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The time of day.
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System =>
            {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the clock the others ask"
                )]
                SystemTime::now()
            }
            Source::Fake(time) => read(time),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Fake(time) => f.debug_tuple("Fake").field(&read(time)).finish(),
        }
    }
}

// === impl FakeClock ===

impl FakeClock {
    /// Makes a clock that stands at `at`.
    pub fn new(at: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    /// The clock to hand to the code under test.
    pub fn clock(&self) -> Clock {
        Clock(Source::Fake(Arc::clone(&self.0)))
    }

    /// Moves the clock on by `by`; it stays where it is if the sum lies beyond what the system can express.
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *time = time.checked_add(by).unwrap_or(*time);
    }

    /// Sets the clock, backwards too: a real one is sometimes set back.
    pub fn set(&self, at: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl fmt::Debug for FakeClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeClock").field(&read(&self.0)).finish()
    }
}

fn read(time: &Mutex<SystemTime>) -> SystemTime {
    *time.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fake_clock_moves_only_when_told() {
        let fake = FakeClock::new(SystemTime::UNIX_EPOCH);
        let clock = fake.clock();
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH);
        fake.clone().advance(Duration::from_millis(1500));
        assert_eq!(
            clock.now(),
            SystemTime::UNIX_EPOCH + Duration::from_millis(1500)
        );
        fake.advance(Duration::MAX);
        assert_eq!(
            clock.now(),
            SystemTime::UNIX_EPOCH + Duration::from_millis(1500)
        );
        fake.set(SystemTime::UNIX_EPOCH);
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn the_system_clock_is_past_2020() {
        let year_2020 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
        assert!(Clock::default().now() > year_2020);
    }
}
