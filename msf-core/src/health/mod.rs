//! Whether a service lives, has started, and can take requests: one source of truth for the HTTP probes and gRPC health.
//!
//! A [`Health`] holds a [`State`] that only moves forward, and a list of [`Check`]s. [`Probe`] turns both into the
//! answers of `/livez`, `/startupz`, `/readyz` and `/healthz`; gRPC health follows [`Health::watch`] and
//! [`Health::is_ready`].
//!
//! What people wrongly assume:
//!
//! - *"Liveness should look at the database."* Then a database that is down restarts every service that uses it, again
//!   and again, and none of that mends the database. [`Health::is_live`] never looks at a check.
//! - *"A check costs nothing."* Ten balancers that probe each second are ten queries a second. Reports that come at the
//!   same time share one run of a check, and its result is kept for a moment ([`Check::cache`]).
//! - *"A check that hangs is a slow check."* It is a failed one, after [`Check::timeout`]; so is one that panics.
//!
//! ```
//! use msf_core::BoxError;
//! use msf_core::health::{Check, Health, State, Status};
//! use std::time::Duration;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let health = Health::new();
//! health.add(Check::new("mongodb", || async { Ok::<(), BoxError>(()) }).timeout(Duration::from_secs(1)));
//! health.add(Check::new("cache", || async { Err::<(), _>("connection refused") }).optional());
//! assert!(!health.is_ready().await);
//!
//! health.set_state(State::Ready);
//! assert!(health.is_ready().await);
//! assert_eq!(health.report().await.status, Status::Degraded);
//! # });
//! ```

mod check;
mod probe;
mod report;
mod run;

pub use check::Check;
pub use probe::{Answer, Audience, Probe};
pub use report::{CheckReport, Report, Status};

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::watch;

use run::Slot;

/// The state of a service and the checks that its readiness depends on. Clones share both.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    state: watch::Sender<State>,
    slots: RwLock<Vec<Arc<Slot>>>,
}

/// How far a service has come. The order is the order in which it goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its ports are not open yet, or its components have not begun.
    Starting,
    /// It takes requests.
    Ready,
    /// It finishes what it has begun; balancers should send nothing more.
    Draining,
    /// It has ended.
    Stopped,
}

// === impl Health ===

impl Health {
    /// Makes the health of a service that is starting and has no checks.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            state: watch::Sender::new(State::Starting),
            slots: RwLock::default(),
        }))
    }

    /// Adds a check, at any time. Reports list the checks in the order they were added; equal names are kept apart.
    pub fn add(&self, check: Check) {
        let slot = Arc::new(Slot::new(check));
        self.0
            .slots
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(slot);
    }

    /// How far the service has come.
    pub fn state(&self) -> State {
        *self.0.state.borrow()
    }

    /// Moves on to `state`. Does nothing if the service is there already, or further.
    pub fn set_state(&self, state: State) {
        self.0.state.send_if_modified(|current| {
            let forwards = state > *current;
            if forwards {
                *current = state;
            }
            forwards
        });
    }

    /// Follows the state: the receiver sees the present one at once, and each change.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }

    /// Whether the process should be left alone: until [`State::Stopped`]. Never looks at a check.
    pub fn is_live(&self) -> bool {
        self.state() < State::Stopped
    }

    /// Whether the start is behind it.
    pub fn is_started(&self) -> bool {
        self.state() > State::Starting
    }

    /// Whether requests should be sent here: [`State::Ready`], and no required check fails.
    ///
    /// Runs no check in the other states. Takes as long as the slowest check, at most its timeout.
    ///
    /// # Cancel safety
    ///
    /// May be dropped; a check that has begun goes on to its end for the next report.
    pub async fn is_ready(&self) -> bool {
        self.state() == State::Ready && self.report().await.status.is_available()
    }

    /// Runs all checks at once and reports them, in every state.
    ///
    /// Takes as long as the slowest check, at most the largest timeout. A check that another report is running is
    /// waited for, not run again; a result younger than [`Check::cache`] is taken as it is.
    ///
    /// # Cancel safety
    ///
    /// May be dropped; a check that has begun goes on to its end for the next report.
    pub async fn report(&self) -> Report {
        let slots = self
            .0
            .slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let checks = join_all(slots.iter().map(Slot::report)).await;
        // Read after the checks: a service that began to drain meanwhile is not ready.
        Report::new(self.state(), checks)
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.0.slots.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Health")
            .field("state", &self.state())
            .field(
                "checks",
                &slots.iter().map(|slot| slot.name()).collect::<Vec<_>>(),
            )
            .finish()
    }
}
