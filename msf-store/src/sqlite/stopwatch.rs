//! Time that passes between a task and a thread.

use std::time::{Duration, Instant};

/// Measures real time. tokio's clock stands still in a test that pauses it, and the threads of the engine are in no
/// runtime, so the two would compare the times of two clocks.
#[derive(Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "both ends have to ask the same clock"
    )]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
