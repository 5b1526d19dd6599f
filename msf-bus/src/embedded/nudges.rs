//! Wakes the subscriptions of this process when there is something for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

/// The subscriptions of this process over one transport. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Nudges(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    subscription: Arc<str>,
    streams: Vec<String>,
    nudge: Weak<Notify>,
}

impl Nudges {
    /// Enters a subscription; it is nudged for as long as `nudge` is held elsewhere.
    pub(super) fn add(&self, subscription: Arc<str>, streams: Vec<String>, nudge: &Arc<Notify>) {
        let mut entries = self.entries();
        entries.retain(|entry| entry.nudge.strong_count() > 0);
        entries.push(Entry {
            subscription,
            streams,
            nudge: Arc::downgrade(nudge),
        });
    }

    /// Nudges those that get events of one of these streams.
    pub(super) fn streams(&self, streams: &[String]) {
        self.nudge(|entry| entry.streams.iter().any(|stream| streams.contains(stream)));
    }

    /// Nudges those of this name.
    pub(super) fn subscription(&self, name: &str) {
        self.nudge(|entry| &*entry.subscription == name);
    }

    fn nudge(&self, wanted: impl Fn(&Entry) -> bool) {
        for entry in self.entries().iter().filter(|entry| wanted(entry)) {
            if let Some(nudge) = entry.nudge.upgrade() {
                nudge.notify_one();
            }
        }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
