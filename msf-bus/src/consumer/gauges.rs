//! How much a subscription has before it, in hand and behind it.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{Events, record};

/// How often the transport is asked.
const REFRESH: Duration = Duration::from_secs(5);

/// The gauges of one subscription.
pub(super) struct Gauges<'a> {
    name: &'a str,
    full: &'a str,
    events: &'a Events,
}

impl<'a> Gauges<'a> {
    pub(super) fn new(name: &'a str, full: &'a str, events: &'a Events) -> Self {
        Self { name, full, events }
    }

    /// Refreshes them for as long as it is polled. Whoever waits for a slow transport here must wait for nothing else.
    pub(super) async fn keep(&self) -> Infallible {
        let mut refresh = interval(REFRESH);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            refresh.tick().await;
            self.refresh().await;
        }
    }

    pub(super) fn in_hand(&self, count: usize) {
        record::gauge("msf_events_in_hand", self.name, count);
    }

    /// Asks the transport; what it cannot say stays as it was, and its health says why.
    async fn refresh(&self) {
        let transport = self.events.transport();
        if let Ok(waiting) = transport.waiting(self.full).await {
            record::gauge("msf_event_waiting", self.name, waiting);
        }
        let letters = transport.dead_letters();
        if let Ok(counts) = letters.count(self.events.service()).await {
            let own = counts.iter().find(|(name, _)| name == self.full);
            record::gauge(
                "msf_dead_letters",
                self.name,
                own.map_or(0, |(_, count)| *count),
            );
        }
    }
}
