//! The job that stores events for those who subscribed to their streams.

use std::sync::Arc;

use bytes::Bytes;
use msf_store::sqlite::rusqlite::{Connection, Result};

use crate::envelope::too_large;
use crate::{Envelope, PublishError, attributes};

/// An event as it goes into the file.
pub(super) struct Row {
    pub(super) stream: String,
    event_id: String,
    key: Option<String>,
    attributes: String,
    data: Bytes,
}

impl Row {
    /// The row of an event, unless it can never be stored.
    pub(super) fn of(envelope: Envelope) -> Result<Self, PublishError> {
        if let Some(why) = too_large(envelope.data.len()) {
            return Err(PublishError::refused(why));
        }
        let event_id = envelope.id.to_string();
        let attributes =
            attributes::to_json(&envelope, &event_id).map_err(PublishError::refused)?;
        Ok(Self {
            stream: match envelope.parsed_type() {
                Some(kind) => kind.stream().to_owned(),
                None => envelope.event_type,
            },
            event_id,
            key: envelope.key,
            attributes,
            data: envelope.data,
        })
    }
}

/// Stores each row once for each subscription of its stream; where there is none, for the first that will be. Says how
/// many of the latter there are too many of, and were dropped.
pub(super) fn store(connection: &Connection, rows: &[Row], unrouted: usize) -> Result<usize> {
    let mut routed = connection.prepare_cached(
        "INSERT INTO queue (subscription, due, attempt, deliveries, redriven, event_id, key, attributes, data)
         SELECT subscription, 0, 1, 0, 0, ?2, ?3, ?4, ?5 FROM bindings WHERE stream = ?1",
    )?;
    let mut waits = false;
    for row in rows {
        let values = (
            &row.stream,
            &row.event_id,
            &row.key,
            &row.attributes,
            &row.data[..],
        );
        if routed.execute(values)? == 0 {
            connection
                .prepare_cached(
                    "INSERT INTO unrouted (stream, event_id, key, attributes, data) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(values)?;
            waits = true;
        }
    }
    if waits {
        trim(connection, unrouted)
    } else {
        Ok(0)
    }
}

/// Gives a subscription what was published to a stream before anybody had subscribed to it. Says how many they were.
pub(super) fn route(connection: &Connection, stream: &str, subscription: i64) -> Result<usize> {
    let moved = connection.execute(
        "INSERT INTO queue (subscription, due, attempt, deliveries, redriven, event_id, key, attributes, data)
         SELECT ?2, 0, 1, 0, 0, event_id, key, attributes, data FROM unrouted WHERE stream = ?1 ORDER BY seq",
        (stream, subscription),
    )?;
    if moved > 0 {
        connection.execute("DELETE FROM unrouted WHERE stream = ?1", [stream])?;
    }
    Ok(moved)
}

/// Drops the oldest that nobody subscribed to where there are more than `most`, and a hundredth of those to spare, so that
/// they are not counted each time.
fn trim(connection: &Connection, most: usize) -> Result<usize> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let number = |sql: &str| -> Result<i64> {
        connection
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))
    };
    // The distance from the first to the last is never less than their number, and is known without counting.
    let span =
        number("SELECT coalesce(max(seq) - (SELECT min(seq) FROM unrouted) + 1, 0) FROM unrouted")?;
    if span <= most {
        return Ok(0);
    }
    let count = number("SELECT count(*) FROM unrouted")?;
    if count <= most {
        return Ok(0);
    }
    connection
        .prepare_cached(
            "DELETE FROM unrouted WHERE seq IN (SELECT seq FROM unrouted ORDER BY seq LIMIT ?1)",
        )?
        .execute([count - most + most / 100])
}

/// The streams of these rows, each once.
pub(super) fn streams(rows: &[Row]) -> Arc<[String]> {
    let mut streams: Vec<String> = Vec::new();
    for row in rows {
        if !streams.contains(&row.stream) {
            streams.push(row.stream.clone());
        }
    }
    streams.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::{schema, subscriptions};

    fn row(stream: &str, number: u32) -> Row {
        Row {
            stream: stream.to_owned(),
            event_id: number.to_string(),
            key: None,
            attributes: String::new(),
            data: Bytes::new(),
        }
    }

    fn kept(connection: &Connection) -> Vec<u32> {
        let mut rows = connection
            .prepare("SELECT event_id FROM unrouted ORDER BY seq")
            .unwrap();
        let ids = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
        ids.map(|id| id.unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn of_what_nobody_wants_the_oldest_is_dropped_and_only_where_there_is_too_much() {
        let connection = Connection::open_in_memory().unwrap();
        for migration in schema::MIGRATIONS {
            connection.execute_batch(migration.sql).unwrap();
        }
        let store_one = |stream, number| store(&connection, &[row(stream, number)], 200).unwrap();
        for number in 0..200 {
            let stream = if (20..190).contains(&number) {
                "b"
            } else {
                "a"
            };
            assert_eq!(store_one(stream, number), 0);
        }
        // One too many, and a hundredth to spare.
        assert_eq!(store_one("a", 200), 3);
        assert_eq!(kept(&connection), (3..=200).collect::<Vec<_>>());
        // From the first to the last it is far now, and there are few between.
        subscriptions::declare(&connection, "other.one", &["b".to_owned()], 0).unwrap();
        let ends = (3..20).chain(190..=200);
        assert_eq!(kept(&connection), ends.collect::<Vec<_>>());
        for number in 300..400 {
            assert_eq!(store_one("a", number), 0);
        }
        assert_eq!(kept(&connection).len(), 128);
        let batch: Vec<Row> = (400..900).map(|number| row("a", number)).collect();
        assert_eq!(store(&connection, &batch, 200).unwrap(), 430);
        assert_eq!(kept(&connection), (702..900).collect::<Vec<_>>());
    }
}
