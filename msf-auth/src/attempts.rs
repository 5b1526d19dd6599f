//! A bound on failed logins per account, taken before the password is looked at.
//!
//! [`FailedLogins`] gives each account 10 failures in any 60 seconds. An attempt takes its slot *before* the hash and gives it
//! back when the password was right, so a hundred wrong guesses at once are ten hashes, and a hundred right logins at once all pass: those
//! beyond the free slots wait until it is known how the ones in flight end.
//!
//! What people wrongly assume:
//!
//! - *"Count the failures when they have happened."* Then a thousand guesses sent at once all start before the first is counted.
//! - *"A success clears the count."* The owner's own login would give an attacker ten more guesses. It only gives back its own slot.
//! - *"Lock the account."* Then anybody can lock out anybody. Here time alone opens it again: one failure is forgotten 60 s after it
//!   happened.
//! - *"Unknown accounts need no limit."* The 429 would tell which accounts exist: pass every name that is tried.
//! - *"A client that hangs up does not count."* It would be the way to guess for free: an attempt that is dropped has failed.
//!
//! ```
//! use msf_auth::attempts::FailedLogins;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let failed_logins = FailedLogins::per_minute(2);
//! for _ in 0..2 {
//!     let attempt = failed_logins.acquire("ana@example.com").await.unwrap();
//!     attempt.failed(); // the password was hashed, and it was wrong
//! }
//! let error = failed_logins.acquire("ana@example.com").await.unwrap_err();
//! assert_eq!(error.kind().http_status(), 429);
//! failed_logins.acquire("bo@example.com").await.unwrap().succeeded();
//! # });
//! ```

mod accounts;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use msf_core::error::Error;
use tokio::sync::oneshot;
use tokio::time::Instant;

use accounts::{Accounts, Name};

const DEFAULT_LIMIT: u32 = 10;
const DEFAULT_ACCOUNTS: usize = 100_000;

/// Bounds the failed logins of each account. Default: 10 in any 60 s; further ones wait or are refused.
///
/// It is a sliding window over the times of the failures, by tokio's clock. It lives in this process only: with several instances
/// each allows as many. At most 100 000 accounts are remembered; beyond that the one with the fewest failures, of those the one whose last is
/// longest ago, is forgotten, so that flooding it with new names does not free an account that is under attack. Names are kept as keyed
/// hashes. Clones share the counts.
///
/// ```
/// use msf_auth::attempts::FailedLogins;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let failed_logins = FailedLogins::default();
/// failed_logins.acquire("ana@example.com").await.unwrap().succeeded();
/// # });
/// ```
#[derive(Clone)]
pub struct FailedLogins {
    shared: Arc<Shared>,
}

struct Shared {
    limit: u32,
    capacity: usize,
    /// The key of the hashes that stand for names: nobody outside can make two names meet.
    names: RandomState,
    accounts: Mutex<Accounts>,
}

/// One attempt to log in, which holds a slot of its account until it is known how it ended.
///
/// Dropping it counts as a failure: a client that hangs up while its password is hashed may have seen enough.
///
/// ```
/// use msf_auth::attempts::FailedLogins;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let failed_logins = FailedLogins::per_minute(1);
/// drop(failed_logins.acquire("ana@example.com").await.unwrap());
/// assert!(failed_logins.acquire("ana@example.com").await.is_err());
/// # });
/// ```
#[must_use = "an attempt that is dropped has failed"]
pub struct Attempt {
    of: Option<(Arc<Shared>, Name)>,
    /// Whether the caller has it. One that was granted to a caller that had gone was never used.
    taken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Failed,
    GivenBack,
}

// === impl FailedLogins ===

impl FailedLogins {
    /// Allows `limit` failures of each account in any 60 s. Zero lets nobody in.
    pub fn per_minute(limit: u32) -> Self {
        Self::with_capacity(limit, DEFAULT_ACCOUNTS)
    }

    /// As [`per_minute`](Self::per_minute), and remembers at most `accounts` of them. Default: 100 000.
    ///
    /// One with 10 failures takes about 400 bytes.
    pub fn with_capacity(limit: u32, accounts: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                limit,
                capacity: accounts.max(1),
                names: RandomState::new(),
                accounts: Mutex::default(),
            }),
        }
    }

    /// Takes a slot of `account`, or waits for one while attempts are in flight. Call it before the password is hashed, for accounts
    /// that do not exist too, with the name in one spelling (an e-mail address in lower case).
    ///
    /// # Errors
    ///
    /// [`Kind::TooManyRequests`](msf_core::error::Kind::TooManyRequests), code `login.too_many_failures`, when all slots are taken by failures; `retry_after` is the time until
    /// the oldest is forgotten.
    ///
    /// # Cancel safety
    ///
    /// May be dropped: a slot that was not handed out is not taken.
    pub async fn acquire(&self, account: &str) -> Result<Attempt, Error> {
        let name = self.shared.names.hash_one(account);
        let waiting = {
            let mut accounts = self.shared.lock();
            let now = Instant::now();
            accounts.sweep(now);
            let account = accounts.account(name, now);
            if account.taken() < self.shared.limit {
                account.in_flight += 1;
                return Ok(Attempt {
                    of: Some((Arc::clone(&self.shared), name)),
                    taken: true,
                });
            }
            if account.in_flight == 0 {
                let refused = account.refusal(now);
                accounts.settle(name, self.shared.capacity);
                return Err(refused);
            }
            let (turn, waiting) = oneshot::channel();
            account.waiting.push_back(turn);
            waiting
        };
        let mut attempt = waiting
            .await
            .map_err(|_| Error::internal("an attempt to log in was forgotten"))??;
        attempt.taken = true;
        Ok(attempt)
    }

    /// How many accounts are remembered.
    pub fn accounts(&self) -> usize {
        self.shared.lock().len()
    }
}

impl Default for FailedLogins {
    fn default() -> Self {
        Self::per_minute(DEFAULT_LIMIT)
    }
}

impl fmt::Debug for FailedLogins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedLogins")
            .field("limit", &self.shared.limit)
            .finish_non_exhaustive()
    }
}

// === impl Attempt ===

impl Attempt {
    /// The password was right: the slot is free again. Earlier failures stay.
    pub fn succeeded(mut self) {
        self.end(Outcome::GivenBack);
    }

    /// The password was wrong, or there is no such account: the slot is taken for 60 s.
    pub fn failed(mut self) {
        self.end(Outcome::Failed);
    }

    /// The password was not looked at, because a store was down or too many waited: the slot is free again.
    ///
    /// Call it only where nothing was learnt about the password.
    pub fn not_checked(mut self) {
        self.end(Outcome::GivenBack);
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some((shared, name)) = self.of.take() {
            shared.end(name, outcome);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let outcome = if self.taken {
            Outcome::Failed
        } else {
            Outcome::GivenBack
        };
        self.end(outcome);
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt")
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(self: &Arc<Self>, name: Name, outcome: Outcome) {
        let now = Instant::now();
        let mut accounts = self.lock();
        let account = accounts.account(name, now);
        account.in_flight = account.in_flight.saturating_sub(1);
        if outcome == Outcome::Failed {
            account.failures.push_back(now);
        }
        while account.taken() < self.limit {
            let Some(next) = account.waiting.pop_front() else {
                break;
            };
            let granted = Attempt {
                of: Some((Arc::clone(self), name)),
                taken: false,
            };
            match next.send(Ok(granted)) {
                // Its drop would ask for the lock that is held here.
                Err(Ok(mut refused)) => refused.of = None,
                _ => account.in_flight += 1,
            }
        }
        if account.in_flight == 0 {
            for next in std::mem::take(&mut account.waiting) {
                let _ = next.send(Err(account.refusal(now)));
            }
        }
        accounts.settle(name, self.capacity);
    }
}
