//! When each step of a stop is due.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::components::CUT;

/// A time that no process lives to see: 30 years.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
/// How long streams get to end with a status when a second signal has come: 20 ms.
const LAST_WORDS: Duration = Duration::from_millis(20);

/// The points in time of one stop.
#[derive(Clone, Debug)]
pub(crate) struct Timetable {
    begin: Instant,
    drained_delay: Instant,
    end_streams: Instant,
    hard: Instant,
    hurry: CancellationToken,
}

impl Timetable {
    /// Counts from now. Streams end a tenth of the grace, but at most half a second, before the bound.
    pub(crate) fn start(grace: Duration, drain_delay: Duration, hurry: CancellationToken) -> Self {
        let begin = Instant::now();
        // Whoever says `Duration::MAX` means to wait as long as it takes; no clock reaches that far.
        let after = |time: Duration| begin.checked_add(time).unwrap_or_else(|| begin + FAR);
        let hard = after(grace);
        let margin = (grace / 10).min(Duration::from_millis(500));
        Self {
            begin,
            drained_delay: after(drain_delay).min(hard),
            end_streams: hard - margin,
            hard,
            hurry,
        }
    }

    /// Waits for the end of the drain delay.
    pub(crate) async fn until_drained_delay(&self) {
        self.until(self.drained_delay).await;
    }

    /// Waits for the bound; with a second signal just long enough for streams to say that they end.
    pub(crate) async fn until_hard(&self) {
        tokio::select! {
            () = tokio::time::sleep_until(self.hard) => {}
            () = async { self.hurry.cancelled().await; tokio::time::sleep(LAST_WORDS).await } => {}
        }
    }

    /// Waits until open streams are to end.
    pub(crate) async fn until_end_of_streams(&self) {
        self.until(self.end_streams).await;
    }

    /// Waits for the bound of the pools: that of all, and a moment where others have used it up.
    pub(crate) async fn until_end_of_pools(&self) {
        self.until(self.hard.max(Instant::now() + CUT)).await;
    }

    async fn until(&self, instant: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(instant) => {}
            () = self.hurry.cancelled() => {}
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}
