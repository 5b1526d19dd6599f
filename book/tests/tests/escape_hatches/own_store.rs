//! A store that msf does not know, with an outbox in it.

// ANCHOR: store
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use msf_core::{BoxError, BoxFuture};
use msf_service::bus::outbox::{Outbox, Pending};
use msf_service::bus::{Envelope, EventId, Outgoing};
use msf_service::clock::Clock;
use tokio::sync::Notify;

/// Names, and the events that tell of them. It stands for your database: one lock is its transaction.
#[derive(Clone)]
struct Names {
    state: Arc<Mutex<State>>,
    staged: Arc<Notify>,
    clock: Clock,
}

#[derive(Default)]
struct State {
    names: BTreeSet<String>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    envelope: Envelope,
    since: SystemTime,
    claimed_until: Option<SystemTime>,
}

impl Names {
    /// The change and its event are one write: both, or neither.
    fn insert(&self, name: &str, outgoing: Outgoing) -> Result<(), BoxError> {
        let since = self.clock.now();
        let envelopes = outgoing.into_envelopes()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.names.insert(name.to_owned()) {
            return Err("there is such a name".into());
        }
        let waiting = |envelope| Waiting {
            envelope,
            since,
            claimed_until: None,
        };
        state.waiting.extend(envelopes.into_iter().map(waiting));
        drop(state);
        self.staged.notify_one();
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> BoxFuture<'_, Result<T, BoxError>>
    where
        T: Send + 'static,
    {
        let answer = work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(std::future::ready(Ok(answer)))
    }
}
// ANCHOR_END: store

// ANCHOR: outbox
impl Outbox for Names {
    fn name(&self) -> &'static str {
        "names"
    }

    fn claim(
        &self,
        _owner: &str,
        limit: usize,
        lease: Duration,
    ) -> BoxFuture<'_, Result<Vec<Envelope>, BoxError>> {
        let now = self.clock.now();
        self.with(|state| {
            // The relay that has the oldest has all: a second one would overtake it.
            if state
                .waiting
                .first()
                .is_some_and(|first| first.claimed_until > Some(now))
            {
                return Vec::new();
            }
            let claimed = state.waiting.iter_mut().take(limit).map(|waiting| {
                waiting.claimed_until = Some(now + lease);
                waiting.envelope.clone()
            });
            claimed.collect()
        })
    }

    fn remove(&self, published: Vec<EventId>) -> BoxFuture<'_, Result<(), BoxError>> {
        self.with(|state| {
            let stays = |waiting: &Waiting| !published.contains(&waiting.envelope.id);
            state.waiting.retain(stays);
        })
    }

    fn pending(&self) -> BoxFuture<'_, Result<Pending, BoxError>> {
        self.with(|state| {
            let oldest = state.waiting.first().map(|waiting| waiting.since);
            Pending::new(state.waiting.len() as u64, oldest)
        })
    }

    fn staged(&self) -> Arc<Notify> {
        Arc::clone(&self.staged)
    }
}
// ANCHOR_END: outbox

// ANCHOR: conformance
use msf_testing::FakeClock;
use msf_testing::conformance::{self, OutboxFactory};

struct Factory {
    names: Names,
    clock: FakeClock,
}

impl OutboxFactory for Factory {
    type Store = Names;

    async fn open(&self) -> Names {
        self.names.clone()
    }

    fn outbox(&self, store: &Names) -> Arc<dyn Outbox> {
        Arc::new(store.clone())
    }

    async fn stage(&self, store: &Names, outgoing: Outgoing) -> Result<(), BoxError> {
        let name = store.state.lock().map_or(0, |state| state.names.len());
        store.insert(&name.to_string(), outgoing)
    }

    async fn stage_and_roll_back(&self, store: &Names, outgoing: Outgoing) {
        let _ = store.insert("taken", Outgoing::none());
        assert!(store.insert("taken", outgoing).is_err());
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

#[tokio::test]
async fn it_keeps_what_an_outbox_promises() {
    let clock = FakeClock::new(SystemTime::UNIX_EPOCH);
    let (state, staged) = (Arc::default(), Arc::default());
    let names = Names {
        state,
        staged,
        clock: clock.clock(),
    };
    let report = conformance::outbox(Factory { names, clock }).await;
    report.assert_ok();
}
// ANCHOR_END: conformance
