//! Events that wait in a service's own store until they are published.
//!
//! An event and the change that it tells of are one write: either both are stored or neither. A [`relay`](crate::Events::relay)
//! publishes what is stored, and removes it only when the transport has confirmed it.
//!
//! What people wrongly assume:
//!
//! - *"Write, then publish."* A process that dies in between has changed the state and told nobody.
//! - *"Publish, then write."* Then the others know of what may never have happened.
//! - *"With an outbox each event comes once."* At least once: a crash after the confirmation publishes it again, with the
//!   same id. The consumer's [`inbox`](crate::inbox) makes once of it.

mod relay;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use msf_core::{BoxError, BoxFuture};
use tokio::sync::Notify;

use crate::{Envelope, EventId};

pub(crate) use relay::Relay;
#[cfg(feature = "sqlite")]
pub use sqlite::{OUTBOX_SCHEMA, SqliteOutbox};

/// A store in which events wait, as its relay sees it.
///
/// Staging is not part of it: how an event gets into the same write as an aggregate is the business of the store.
pub trait Outbox: Send + Sync + 'static {
    /// The name of the store, for logs and metrics.
    fn name(&self) -> &str;

    /// The oldest events that wait, in the order in which they were staged, if no other relay has claimed them.
    ///
    /// They stay claimed by `owner` for `lease`, so that two relays of one store do not publish the same; nothing is lost where
    /// they do. An event that was staged before this was called is seen, however short before.
    fn claim(
        &self,
        owner: &str,
        limit: usize,
        lease: Duration,
    ) -> BoxFuture<'_, Result<Vec<Envelope>, BoxError>>;

    /// Removes events that are published.
    fn remove(&self, published: Vec<EventId>) -> BoxFuture<'_, Result<(), BoxError>>;

    /// How many wait, and since when the oldest does.
    fn pending(&self) -> BoxFuture<'_, Result<Pending, BoxError>>;

    /// Told each time that something is staged, shortly before or after it is stored. A relay asks once, when it is made.
    fn staged(&self) -> Arc<Notify>;
}

/// How much waits in an outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// How many events.
    pub count: u64,
    /// When the oldest was staged.
    pub oldest: Option<SystemTime>,
}

impl Pending {
    /// So many, the oldest from then.
    pub fn new(count: u64, oldest: Option<SystemTime>) -> Self {
        Self { count, oldest }
    }
}
