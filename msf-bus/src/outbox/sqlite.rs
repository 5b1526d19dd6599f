//! The outbox in a service's own SQLite file.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use msf_core::clock::Clock;
use msf_core::{BoxError, BoxFuture};
use msf_store::sqlite::rusqlite::{self, OptionalExtension};
use msf_store::sqlite::{self, Database, Transaction};
use tokio::sync::Notify;

use super::{Outbox, Pending};
use crate::{Envelope, EventId, Outgoing, attributes, millis, missing};

/// The tables of the outbox: put them at the end of the migrations of the file that the aggregates are in.
///
/// ```
/// use msf_store::Migration;
/// const MIGRATIONS: &[Migration] = &[
///     Migration::new(1, "users", "CREATE TABLE users (id TEXT PRIMARY KEY) STRICT"),
///     Migration::new(2, "outbox", msf_bus::outbox::OUTBOX_SCHEMA),
/// ];
/// # let _ = MIGRATIONS;
/// ```
pub const OUTBOX_SCHEMA: &str = "CREATE TABLE msf_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL UNIQUE,
  attributes TEXT NOT NULL,
  data BLOB NOT NULL,
  staged_at INTEGER NOT NULL -- milliseconds since 1970
) STRICT;
CREATE TABLE msf_outbox_lease (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  owner TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT;";

/// The outbox in a service's own SQLite file. A clone is the same.
///
/// ```
/// # use msf_bus::{Event, Outgoing, outbox::{Outbox, OUTBOX_SCHEMA, SqliteOutbox}};
/// # use msf_core::clock::Clock;
/// # use msf_store::{Migration, sqlite::{Database, Result}};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(name = "users.user-registered", crate = "msf_bus")]
/// # struct UserRegistered { user_id: String }
/// # const MIGRATIONS: &[Migration] = &[
/// #     Migration::new(1, "users", "CREATE TABLE users (id TEXT PRIMARY KEY) STRICT"),
/// #     Migration::new(2, "outbox", OUTBOX_SCHEMA),
/// # ];
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// let database = Database::open(folder.path().join("users.db"), MIGRATIONS).unwrap();
/// let outbox = SqliteOutbox::new(database.clone(), Clock::system());
///
/// let (id, staged) = ("u-17".to_owned(), outbox.clone());
/// let outgoing = Outgoing::one(UserRegistered { user_id: id.clone() });
/// let written: Result<()> = database
///     .write(move |tx| {
///         tx.execute("INSERT INTO users VALUES (?1)", [id])?;
///         staged.stage(tx, outgoing)
///     })
///     .await;
/// written.unwrap();
/// assert_eq!(outbox.pending().await.unwrap().count, 1);
/// # });
/// ```
#[derive(Clone)]
pub struct SqliteOutbox {
    database: Database,
    clock: Clock,
    staged: Arc<Notify>,
    relay: Arc<RelaySeen>,
}

/// Whether a relay was made of it: without one its events wait for ever, and nothing fails.
#[derive(Debug, Default)]
struct RelaySeen {
    made: AtomicBool,
    warned: AtomicBool,
}

impl SqliteOutbox {
    /// The outbox in this file, which has the tables of [`OUTBOX_SCHEMA`].
    pub fn new(database: Database, clock: Clock) -> Self {
        Self {
            database,
            clock,
            staged: Arc::default(),
            relay: Arc::default(),
        }
    }

    /// Stores the events in this transaction: they are published if and only if it is committed.
    ///
    /// # Errors
    ///
    /// An event cannot be written as JSON, or what the file says. Return it from the job, so that nothing of the job is stored.
    pub fn stage(&self, transaction: &Transaction<'_>, outgoing: Outgoing) -> sqlite::Result<()> {
        let envelopes = outgoing.into_envelopes().map_err(not_written)?;
        if envelopes.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut insert = transaction
            .prepare_cached(
                "INSERT INTO msf_outbox (event_id, attributes, data, staged_at) VALUES (?1, ?2, ?3, ?4)",
            )
            .map_err(|error| self.explain(error.into()))?;
        for mut envelope in envelopes {
            envelope.time = now;
            let id = envelope.id.to_string();
            let attributes = attributes::to_json(&envelope, &id).map_err(not_written)?;
            insert.execute((id, attributes, &envelope.data[..], millis::of(now)))?;
        }
        // Not committed yet; but whoever is told asks the thread that runs this, and is served after it.
        self.staged.notify_one();
        self.warn_without_relay();
        Ok(())
    }

    fn warn_without_relay(&self) {
        let RelaySeen { made, warned } = &*self.relay;
        if !made.load(Ordering::Relaxed) && !warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                store = self.name(),
                "events are staged and nothing here publishes them: add `.component(events.relay(outbox))` to the app, with \
                 this outbox or a clone of it, unless another process relays this file"
            );
        }
    }

    /// Names the way out where the tables are missing: nothing else can be meant by that.
    fn explain(&self, error: sqlite::Error) -> sqlite::Error {
        missing::explain(error, || {
            format!(
                "{} has no outbox: put `Migration::new(N, \"outbox\", OUTBOX_SCHEMA)` at the end of its migrations",
                self.database.path().display()
            )
        })
    }
}

impl Outbox for SqliteOutbox {
    fn name(&self) -> &str {
        let stem = self.database.path().file_stem();
        stem.and_then(|stem| stem.to_str()).unwrap_or("outbox")
    }

    /// Waits for its turn behind every write before it, so that it sees what those have staged.
    fn claim(
        &self,
        owner: &str,
        limit: usize,
        lease: Duration,
    ) -> BoxFuture<'_, Result<Vec<Envelope>, BoxError>> {
        let owner = owner.to_owned();
        Box::pin(async move {
            let clock = self.clock.clone();
            let claimed: sqlite::Result<_> = self
                .database
                .write(move |transaction| claim(transaction, &owner, limit, clock.now(), lease))
                .await;
            claimed.map_err(|error| self.explain(error).into())
        })
    }

    fn remove(&self, published: Vec<EventId>) -> BoxFuture<'_, Result<(), BoxError>> {
        Box::pin(async move {
            let removed: sqlite::Result<_> = self
                .database
                .write(move |transaction| {
                    let mut delete =
                        transaction.prepare_cached("DELETE FROM msf_outbox WHERE event_id = ?1")?;
                    for id in published {
                        delete.execute([id.to_string()])?;
                    }
                    Ok(())
                })
                .await;
            removed.map_err(|error| self.explain(error).into())
        })
    }

    fn pending(&self) -> BoxFuture<'_, Result<Pending, BoxError>> {
        Box::pin(async move {
            let found: sqlite::Result<(i64, Option<i64>)> = self
                .database
                .read(|connection| {
                    let sql = "SELECT count(*), min(staged_at) FROM msf_outbox";
                    let mut statement = connection.prepare_cached(sql)?;
                    Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
                })
                .await;
            let (count, oldest) = found.map_err(|error| self.explain(error))?;
            let oldest = oldest.map(millis::time);
            Ok(Pending::new(
                u64::try_from(count).unwrap_or_default(),
                oldest,
            ))
        })
    }

    fn staged(&self) -> Arc<Notify> {
        self.relay.made.store(true, Ordering::Relaxed);
        Arc::clone(&self.staged)
    }
}

/// The events, if there are any and no other relay has the lease; takes it, or prolongs it when half of it is over.
fn claim(
    transaction: &Transaction<'_>,
    owner: &str,
    limit: usize,
    now: SystemTime,
    lease: Duration,
) -> sqlite::Result<Vec<Envelope>> {
    let events = oldest(transaction, limit)?;
    if events.is_empty() {
        return Ok(events);
    }
    // One that ends later than any that begins now is of a clock that was set back, and would keep all away for as long.
    let held: Option<(String, i64)> = transaction
        .prepare_cached(
            "SELECT owner, until FROM msf_outbox_lease WHERE until > ?1 AND until <= ?2",
        )?
        .query_row((millis::of(now), millis::of(now + lease)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match held {
        Some((other, _)) if other != owner => return Ok(Vec::new()),
        Some((_, until)) if until > millis::of(now + lease / 2) => {}
        _ => {
            let sql =
                "INSERT OR REPLACE INTO msf_outbox_lease (id, owner, until) VALUES (1, ?1, ?2)";
            transaction
                .prepare_cached(sql)?
                .execute((owner, millis::of(now + lease)))?;
        }
    }
    Ok(events)
}

fn oldest(transaction: &Transaction<'_>, limit: usize) -> sqlite::Result<Vec<Envelope>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = transaction
        .prepare_cached("SELECT attributes, data FROM msf_outbox ORDER BY seq LIMIT ?1")?;
    let mut rows = statement.query([limit])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let (text, data): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let envelope = attributes::envelope(&text, data).map_err(|error| {
            let kind = rusqlite::types::Type::Text;
            rusqlite::Error::FromSqlConversionFailure(0, kind, error.into())
        })?;
        events.push(envelope);
    }
    Ok(events)
}

fn not_written(error: impl Into<BoxError>) -> sqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into()).into()
}

impl fmt::Debug for SqliteOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteOutbox")
            .field(&self.database.path())
            .finish()
    }
}
