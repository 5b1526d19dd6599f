//! What is remembered of each account.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use msf_core::error::{Error, Kind};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Attempt;

/// The time after which a failure is forgotten.
const WINDOW: Duration = Duration::from_secs(60);
/// How many forgotten accounts each call puts away, of each number of failures.
const SWEPT_AT_ONCE: usize = 2;

/// The keyed hash of an account's name.
pub(super) type Name = u64;

#[derive(Default)]
pub(super) struct Accounts {
    by_name: HashMap<Name, Account>,
    /// Accounts that have failures and nothing else, by how many and by when the last was added: the first is the first to go.
    idle: BTreeMap<(u32, u64), Name>,
    sequence: u64,
}

#[derive(Default)]
pub(super) struct Account {
    pub(super) failures: VecDeque<Instant>,
    pub(super) in_flight: u32,
    pub(super) waiting: VecDeque<oneshot::Sender<Result<Attempt, Error>>>,
    idle_as: Option<(u32, u64)>,
}

// === impl Accounts ===

impl Accounts {
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// The account, without what it has to forget and not among the idle ones.
    pub(super) fn account(&mut self, name: Name, now: Instant) -> &mut Account {
        let account = self.by_name.entry(name).or_default();
        account.forget(now);
        if let Some(place) = account.idle_as.take() {
            self.idle.remove(&place);
        }
        account
    }

    /// Puts the account among the idle ones, or away; makes room for it.
    pub(super) fn settle(&mut self, name: Name, capacity: usize) {
        let Some(account) = self.by_name.get_mut(&name) else {
            return;
        };
        if account.in_flight > 0 {
            return;
        }
        if account.failures.is_empty() {
            self.by_name.remove(&name);
            return;
        }
        let count = u32::try_from(account.failures.len()).unwrap_or(u32::MAX);
        self.sequence += 1;
        account.idle_as = Some((count, self.sequence));
        self.idle.insert((count, self.sequence), name);
        while self.idle.len() > capacity {
            if let Some((_, name)) = self.idle.pop_first() {
                self.by_name.remove(&name);
            }
        }
    }

    /// Puts away some accounts whose failures are all forgotten.
    pub(super) fn sweep(&mut self, now: Instant) {
        let mut count = 0;
        while let Some((&(next, _), _)) = self.idle.range((count, 0)..).next() {
            for _ in 0..SWEPT_AT_ONCE {
                let Some((&place, &name)) = self.idle.range((next, 0)..=(next, u64::MAX)).next()
                else {
                    break;
                };
                let last = self
                    .by_name
                    .get(&name)
                    .and_then(|account| account.failures.back());
                if last.is_some_and(|last| now.duration_since(*last) < WINDOW) {
                    break;
                }
                self.idle.remove(&place);
                self.by_name.remove(&name);
            }
            count = next.saturating_add(1);
        }
    }
}

// === impl Account ===

impl Account {
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.failures.front()
            && now.duration_since(*oldest) >= WINDOW
        {
            self.failures.pop_front();
        }
    }

    pub(super) fn taken(&self) -> u32 {
        let failures = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        self.in_flight.saturating_add(failures)
    }

    pub(super) fn refusal(&self, now: Instant) -> Error {
        let free_in = self.failures.front().map_or(WINDOW, |oldest| {
            WINDOW.saturating_sub(now.duration_since(*oldest))
        });
        Error::new(
            Kind::TooManyRequests,
            "login.too_many_failures",
            "too many failed logins for this account",
        )
        .with_retry_after(free_in)
    }
}
