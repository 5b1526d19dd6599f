//! What came of the rounds.

use std::time::Duration;

/// Pending events are to be handled within this time from ready on.
pub(crate) const RECOVERY: Duration = Duration::from_secs(10);

/// The figures of a run.
#[derive(Default)]
pub(crate) struct Tally {
    rounds: usize,
    in_flight: usize,
    unpublished: usize,
    unhandled: usize,
    longest_recovery: Duration,
}

impl Tally {
    /// Notes a kill: how many requests were in flight, how many events unpublished, how many unhandled.
    pub(crate) fn killed(&mut self, in_flight: usize, unpublished: u64, unhandled: u64) {
        self.rounds += 1;
        self.in_flight += usize::from(in_flight > 0);
        self.unpublished += usize::from(unpublished > 0);
        self.unhandled += usize::from(unhandled > 0);
    }

    /// Notes how long it took from ready until nothing was pending.
    pub(crate) fn recovered(&mut self, took: Duration) {
        assert!(took <= RECOVERY, "{took:?}");
        self.longest_recovery = self.longest_recovery.max(took);
    }

    /// Prints the figures.
    ///
    /// # Panics
    ///
    /// When the run is void: fewer than 60 % of the kills hit a request.
    pub(crate) fn tell(&self, what: &str, accepted: usize, users: usize) {
        println!(
            "{what}: {} rounds, {} with a request in flight, {} with an unpublished event, {} with an unhandled one; \
             longest recovery {:?}; {accepted} registrations answered with 201, {users} users, one mail each",
            self.rounds, self.in_flight, self.unpublished, self.unhandled, self.longest_recovery
        );
        assert!(
            self.in_flight * 100 >= self.rounds * 60,
            "void: the shop was killed when nothing was going on"
        );
    }
}
