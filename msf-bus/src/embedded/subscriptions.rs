//! Who wants which streams, as the file knows it.

use msf_store::sqlite::rusqlite::{Connection, OptionalExtension as _, Result};

use super::publish;

/// How often a consumer says that it still wants its streams, in milliseconds.
pub(super) const RENEWED: i64 = 60_000;
/// After which time a stream is unbound that no consumer wants any more, in milliseconds. Longer than a rollout lets an
/// older consumer, which does not know the stream yet, begin beside a newer one that is away for a moment.
const FORGOTTEN: i64 = 600_000;

/// Declares that the subscription gets the events of these streams. Answers with its number.
pub(super) fn declare(
    connection: &Connection,
    name: &str,
    streams: &[String],
    now: i64,
) -> Result<i64> {
    let subscription = add(connection, name)?;
    renew(connection, subscription, name, streams, now)?;
    Ok(subscription)
}

/// Says that these streams are wanted, and unbinds those that nobody has wanted for a while; what is queued of them stays.
pub(super) fn renew(
    connection: &Connection,
    subscription: i64,
    name: &str,
    streams: &[String],
    now: i64,
) -> Result<()> {
    for stream in streams {
        let is_bound = connection
            .prepare_cached(
                "UPDATE bindings SET seen_at = ?3 WHERE stream = ?1 AND subscription = ?2",
            )?
            .execute((stream, subscription, now))?
            == 1;
        if !is_bound {
            connection.execute(
                "INSERT INTO bindings (stream, subscription, seen_at) VALUES (?1, ?2, ?3)",
                (stream, subscription, now),
            )?;
            let events = publish::route(connection, stream, subscription)?;
            tracing::info!(subscription = name, stream, events, "bound");
        }
    }
    for stream in forgotten(connection, subscription, now.saturating_sub(FORGOTTEN))? {
        connection.execute(
            "DELETE FROM bindings WHERE stream = ?1 AND subscription = ?2",
            (&stream, subscription),
        )?;
        tracing::info!(subscription = name, stream, "unbound");
    }
    Ok(())
}

/// The number of a subscription; gives it one where it has none.
pub(super) fn add(connection: &Connection, name: &str) -> Result<i64> {
    match number(connection, name)? {
        Some(number) => Ok(number),
        None => connection.query_row(
            "INSERT INTO subscriptions (name) VALUES (?1) RETURNING id",
            [name],
            |row| row.get(0),
        ),
    }
}

/// How many events are queued for the subscription of this name.
pub(super) fn waiting(connection: &Connection, name: &str) -> Result<u64> {
    let Some(subscription) = number(connection, name)? else {
        return Ok(0);
    };
    connection
        .prepare_cached("SELECT count(*) FROM queue WHERE subscription = ?1")?
        .query_row([subscription], |row| {
            row.get::<_, i64>(0)
                .map(|count| u64::try_from(count).unwrap_or(0))
        })
}

fn number(connection: &Connection, name: &str) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM subscriptions WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn forgotten(connection: &Connection, subscription: i64, before: i64) -> Result<Vec<String>> {
    connection
        .prepare_cached("SELECT stream FROM bindings WHERE subscription = ?1 AND seen_at < ?2")?
        .query_map((subscription, before), |row| row.get(0))?
        .collect()
}
