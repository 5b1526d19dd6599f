//! The dead letters in the file.

use std::collections::HashSet;

use msf_core::BoxFuture;
use msf_store::sqlite::rusqlite::{Connection, Result, Row, params};
use msf_store::sqlite::{self, Error};

use super::{EmbeddedTransport, history, subscriptions};
use crate::dead_letter::{DeadLetter, DeadLetters, Reason, Which};
use crate::{TransportError, attributes, millis};

/// How many are redriven or purged by one job: the thread that writes is needed by others.
const PORTION: usize = 200;

/// Makes a dead letter of a queued event; false where it is not queued. An older dead letter of the same event gives way.
pub(super) fn bury(
    connection: &Connection,
    subscription: &str,
    seq: i64,
    reason: Reason,
    error: &str,
    now: i64,
) -> Result<bool> {
    let buried = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO dead
               (subscription, event_id, at, reason, error, redriven, key, history, attributes, data)
             SELECT ?2, event_id, ?3, ?4, ?5, redriven, key, history, attributes, data FROM queue WHERE seq = ?1",
        )?
        .execute((seq, subscription, now, reason.as_str(), history::cut(error)))?;
    connection
        .prepare_cached("DELETE FROM queue WHERE seq = ?1")?
        .execute([seq])?;
    Ok(buried == 1)
}

impl DeadLetters for EmbeddedTransport {
    fn list(
        &self,
        service: &str,
        which: Which,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, TransportError>> {
        let (from, to) = range(service);
        let chosen = Chosen::of(&which);
        Box::pin(async move {
            let read = self.database().read(move |db| -> sqlite::Result<_> {
                let mut statement = db.prepare_cached(
                    "SELECT subscription, at, reason, error, redriven, history, attributes, data, event_id FROM dead
                     WHERE subscription >= ?1 AND subscription < ?2 ORDER BY at, number",
                )?;
                let mut rows = statement.query((from, to))?;
                let mut letters = Vec::new();
                while let Some(row) = rows.next()? {
                    // The data of one that nobody asked for is not read.
                    if chosen.has(&row.get::<_, String>(8)?) {
                        letters.extend(letter(row)?);
                    }
                }
                Ok(letters)
            });
            read.await.map_err(TransportError::new)
        })
    }

    fn count(&self, service: &str) -> BoxFuture<'_, Result<Vec<(String, u64)>, TransportError>> {
        let (from, to) = range(service);
        Box::pin(async move {
            let read = self.database().read(move |db| -> sqlite::Result<_> {
                let mut rows = db.prepare_cached(
                    "SELECT subscription, count(*) FROM dead WHERE subscription >= ?1 AND subscription < ?2
                     GROUP BY subscription",
                )?;
                let counts = rows.query_map((from, to), |row| {
                    let count: i64 = row.get(1)?;
                    Ok((row.get(0)?, u64::try_from(count).unwrap_or(0)))
                })?;
                Ok(counts.collect::<Result<_>>()?)
            });
            read.await.map_err(TransportError::new)
        })
    }

    fn redrive(&self, service: &str, which: Which) -> BoxFuture<'_, Result<u64, TransportError>> {
        let range = range(service);
        Box::pin(async move {
            let numbers = self.chosen(range, which).await?;
            let mut redriven = 0;
            for portion in numbers.chunks(PORTION) {
                let portion = portion.to_vec();
                let nudges = self.nudges();
                let job = move |tx: &sqlite::Transaction<'_>| -> sqlite::Result<_> {
                    let mut count = 0;
                    for number in portion {
                        if let Some(subscription) = redrive(tx, number)? {
                            count += 1;
                            nudges.subscription(&subscription);
                        }
                    }
                    Ok(count)
                };
                redriven += self
                    .database()
                    .write(job)
                    .await
                    .map_err(TransportError::new)?;
            }
            Ok(redriven)
        })
    }

    fn purge(&self, service: &str, which: Which) -> BoxFuture<'_, Result<u64, TransportError>> {
        let range = range(service);
        Box::pin(async move {
            let numbers = self.chosen(range, which).await?;
            let mut purged = 0;
            for portion in numbers.chunks(PORTION) {
                let portion = portion.to_vec();
                let job = move |tx: &sqlite::Transaction<'_>| -> sqlite::Result<_> {
                    let mut count = 0;
                    for number in portion {
                        count += u64::from(remove(tx, number)?);
                    }
                    Ok(count)
                };
                purged += self
                    .database()
                    .write(job)
                    .await
                    .map_err(TransportError::new)?;
            }
            Ok(purged)
        })
    }
}

impl EmbeddedTransport {
    /// The numbers of those that are chosen, oldest first. One that becomes a dead letter again has another number.
    async fn chosen(
        &self,
        (from, to): (String, String),
        which: Which,
    ) -> Result<Vec<i64>, TransportError> {
        let read = self.database().read(move |db| -> sqlite::Result<_> {
            let mut rows = db.prepare_cached(
                "SELECT number, event_id FROM dead WHERE subscription >= ?1 AND subscription < ?2 ORDER BY at, number",
            )?;
            let rows = rows.query_map((from, to), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<Vec<(i64, String)>>>()?)
        });
        let all = read.await.map_err(TransportError::new)?;
        let chosen = Chosen::of(&which);
        Ok(all
            .into_iter()
            .filter_map(|(number, id)| chosen.has(&id).then_some(number))
            .collect())
    }
}

/// The ids of those that are chosen, as the file has them; `None` for all.
struct Chosen(Option<HashSet<String>>);

impl Chosen {
    fn of(which: &Which) -> Self {
        Self(match which {
            Which::All => None,
            Which::Events(ids) => Some(ids.iter().map(ToString::to_string).collect()),
        })
    }

    fn has(&self, id: &str) -> bool {
        self.0.as_ref().is_none_or(|ids| ids.contains(id))
    }
}

/// Puts one back into its subscription, whose name it answers with; `None` where it is gone.
fn redrive(connection: &Connection, number: i64) -> sqlite::Result<Option<String>> {
    let name: Result<String> = connection
        .prepare_cached("SELECT subscription FROM dead WHERE number = ?1")?
        .query_row([number], |row| row.get(0));
    let name = match name {
        Err(sqlite::rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
        name => name?,
    };
    let subscription = subscriptions::add(connection, &name)?;
    connection
        .prepare_cached(
            "INSERT INTO queue (subscription, due, attempt, deliveries, redriven, event_id, key, attributes, data)
             SELECT ?2, 0, 1, 0, redriven + 1, event_id, key, attributes, data FROM dead WHERE number = ?1",
        )?
        .execute(params![number, subscription])?;
    remove(connection, number)?;
    Ok(Some(name))
}

fn remove(connection: &Connection, number: i64) -> Result<bool, Error> {
    let removed = connection
        .prepare_cached("DELETE FROM dead WHERE number = ?1")?
        .execute([number])?;
    Ok(removed == 1)
}

/// A dead letter; `None` where somebody wrote into the file what is none.
fn letter(row: &Row<'_>) -> Result<Option<DeadLetter>> {
    let (subscription, at, reason): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let history: Option<String> = row.get(5)?;
    let attributes: String = row.get(6)?;
    let (envelope, reason) = match (
        attributes::envelope(&attributes, row.get(7)?),
        Reason::parse(&reason),
    ) {
        (Ok(envelope), Some(reason)) => (envelope, reason),
        (envelope, reason) => {
            let error = envelope.err().unwrap_or_default();
            tracing::warn!(subscription, error, ?reason, "a dead letter cannot be read");
            return Ok(None);
        }
    };
    Ok(Some(DeadLetter {
        subscription,
        envelope,
        reason,
        error: row.get(3)?,
        at: millis::time(at),
        history: history::failures(history.as_deref()),
        redriven: row.get(4)?,
    }))
}

/// The names that begin with `SERVICE.`: from the first of the two on, before the second.
fn range(service: &str) -> (String, String) {
    // The slash follows the dot.
    (format!("{service}."), format!("{service}/"))
}
