//! The job of a subscription: verdicts are carried out, leases renewed, events claimed, all in one transaction.

use std::sync::Arc;
use std::time::Duration;

use msf_core::clock::Clock;
use msf_store::sqlite::rusqlite::{Connection, OptionalExtension as _, Result, Row};

use super::{dead, history, subscriptions};
use crate::dead_letter::Reason;
use crate::millis;
use crate::transport::Verdict;

/// For how long a claimed event is nobody else's, in milliseconds.
pub(super) const LEASE: i64 = 2000;
/// How much of a lease may be over before it is renewed, in milliseconds.
pub(super) const RENEWED: i64 = 500;
/// How often an event is handed out without a verdict.
pub(super) const HAND_OUTS: u32 = 50;
/// When an event is delivered again that was dropped without a verdict, in milliseconds.
const DROPPED: i64 = 100;

/// Those whose time has come.
const PROMOTE: &str = "UPDATE queue SET due = 0 WHERE subscription = ?1 AND due > 0 AND due <= ?2";
const NEXT: &str = "SELECT min(due) FROM queue WHERE subscription = ?1 AND due > 0";
// Without a LIMIT, whose value SQLite looks at: each that is bound would cost a new plan.
const READY: &str =
    "SELECT seq, attempt, attributes, data, deliveries FROM queue WHERE subscription = ?1 AND due = 0
     ORDER BY seq";
/// The same, of each key only its first.
const READY_BY_KEY: &str = "SELECT seq, attempt, attributes, data, deliveries FROM queue AS this
     WHERE subscription = ?1 AND due = 0 AND (key IS NULL OR NOT EXISTS (
       SELECT 1 FROM queue AS earlier
       WHERE earlier.subscription = ?1 AND earlier.key = this.key AND earlier.seq < this.seq))
     ORDER BY seq";

/// Who claims, and of what.
#[derive(Clone, Debug)]
pub(super) struct Claimer {
    pub(super) subscription: i64,
    pub(super) name: Arc<str>,
    pub(super) streams: Arc<[String]>,
    pub(super) owner: [u8; 16],
    pub(super) ordered: bool,
}

/// What is to become of an event in hand.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Verdict(Verdict),
    /// It was dropped without a verdict.
    Dropped,
    /// It was never handed out.
    Returned,
}

/// What one job has to do.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) outcomes: Vec<(i64, Outcome)>,
    pub(super) renew: Vec<i64>,
    /// The others in hand, and when the first of their leases is over. A job may have to wait for its turn until then, and
    /// must not take what its own consumer has.
    pub(super) held: Vec<i64>,
    pub(super) held_until: i64,
    pub(super) claim: usize,
    /// Whether it is time to say that the streams are still wanted.
    pub(super) renews_streams: bool,
}

impl Work {
    /// Whether no job is needed.
    pub(super) fn is_empty(&self) -> bool {
        self.outcomes.is_empty() && self.renew.is_empty() && self.claim == 0 && !self.renews_streams
    }
}

/// What it did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Those of the outcomes and renewals whose events are no longer in this hand: a lease was lost.
    pub(super) lost: Vec<i64>,
    /// Those whose leases were prolonged, unless they are lost.
    pub(super) renewed: Vec<i64>,
    pub(super) claimed: Vec<Claimed>,
    /// Until when those that were claimed or renewed are nobody else's.
    pub(super) until: i64,
    /// Whether there may be more to claim.
    pub(super) more: bool,
    /// When the next of those that wait has to be looked at.
    pub(super) due: Option<i64>,
    /// How many became dead letters because they were handed out too often.
    pub(super) given_up: usize,
}

/// An event that is now in hand.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) seq: i64,
    pub(super) attempt: u32,
    pub(super) attributes: String,
    pub(super) data: Vec<u8>,
}

/// Does the work.
pub(super) fn run(
    connection: &Connection,
    claimer: &Claimer,
    work: &Work,
    clock: &Clock,
) -> Result<Done> {
    let now = millis::of(clock.now());
    let mut done = Done {
        until: now.saturating_add(LEASE),
        ..Done::default()
    };
    if work.renews_streams {
        let Claimer {
            subscription,
            name,
            streams,
            ..
        } = claimer;
        subscriptions::renew(connection, *subscription, name, streams, now)?;
    }
    for (seq, outcome) in &work.outcomes {
        if !settle(connection, claimer, *seq, outcome, now)? {
            done.lost.push(*seq);
        }
    }
    done.renewed.clone_from(&work.renew);
    if work.held_until <= now {
        done.renewed.extend(&work.held);
    }
    for seq in &done.renewed {
        let renewed = connection
            .prepare_cached("UPDATE queue SET due = ?3 WHERE seq = ?1 AND claimed_by = ?2")?
            .execute((seq, claimer.owner, done.until))?;
        if renewed == 0 {
            done.lost.push(*seq);
        }
    }
    if work.claim > 0 {
        claim(connection, claimer, work.claim, now, &mut done)?;
    }
    done.due = connection
        .prepare_cached(NEXT)?
        .query_row([claimer.subscription], |row| row.get(0))?;
    Ok(done)
}

/// Ends leases that are longer than any: the clock was set back since, and who had them may be gone.
pub(super) fn release(connection: &Connection, subscription: i64, clock: &Clock) -> Result<()> {
    let longest = millis::of(clock.now()).saturating_add(LEASE);
    connection
        .prepare_cached(
            "UPDATE queue SET due = 0 WHERE subscription = ?1 AND due > ?2 AND claimed_by IS NOT NULL",
        )?
        .execute((subscription, longest))?;
    Ok(())
}

/// Carries out what was decided of an event; false when it is in this hand no longer.
fn settle(
    connection: &Connection,
    claimer: &Claimer,
    seq: i64,
    outcome: &Outcome,
    now: i64,
) -> Result<bool> {
    let rows = match outcome {
        Outcome::Verdict(Verdict::Ack) => connection
            .prepare_cached("DELETE FROM queue WHERE seq = ?1 AND claimed_by = ?2")?
            .execute((seq, claimer.owner))?,
        Outcome::Verdict(Verdict::Retry { after, error }) => {
            let past: Option<Option<String>> = connection
                .prepare_cached("SELECT history FROM queue WHERE seq = ?1 AND claimed_by = ?2")?
                .query_row((seq, claimer.owner), |row| row.get(0))
                .optional()?;
            let Some(past) = past else { return Ok(false) };
            let history = history::add(past.as_deref(), now, error);
            connection
                .prepare_cached(
                    "UPDATE queue SET due = ?2, attempt = attempt + 1, deliveries = 0, claimed_by = NULL, history = ?3
                     WHERE seq = ?1",
                )?
                .execute((seq, later(now, *after), history))?
        }
        Outcome::Verdict(Verdict::Dead { reason, error }) => {
            let held = connection
                .prepare_cached("SELECT 1 FROM queue WHERE seq = ?1 AND claimed_by = ?2")?
                .exists((seq, claimer.owner))?;
            usize::from(held && dead::bury(connection, &claimer.name, seq, *reason, error, now)?)
        }
        Outcome::Dropped => connection
            .prepare_cached(
                "UPDATE queue SET due = ?3, claimed_by = NULL WHERE seq = ?1 AND claimed_by = ?2",
            )?
            .execute((seq, claimer.owner, now.saturating_add(DROPPED)))?,
        Outcome::Returned => connection
            .prepare_cached(
                "UPDATE queue SET due = 0, deliveries = deliveries - 1, claimed_by = NULL
                 WHERE seq = ?1 AND claimed_by = ?2",
            )?
            .execute((seq, claimer.owner))?,
    };
    Ok(rows == 1)
}

/// Claims up to `limit` events, the oldest first.
fn claim(
    connection: &Connection,
    claimer: &Claimer,
    limit: usize,
    now: i64,
    done: &mut Done,
) -> Result<()> {
    connection
        .prepare_cached(PROMOTE)?
        .execute((claimer.subscription, now))?;
    let mut ready =
        connection.prepare_cached(if claimer.ordered { READY_BY_KEY } else { READY })?;
    let found: Vec<(Claimed, u32)> = ready
        .query_map([claimer.subscription], |row| {
            Ok((claimed(row)?, row.get(4)?))
        })?
        .take(limit)
        .collect::<Result<_>>()?;
    done.more = found.len() == limit;
    let mut take = connection.prepare_cached(
        "UPDATE queue SET due = ?2, claimed_by = ?3, deliveries = deliveries + 1 WHERE seq = ?1",
    )?;
    for (event, deliveries) in found {
        if deliveries >= HAND_OUTS {
            let error = format!(
                "handed out {deliveries} times without a verdict: look for what ends the process each time"
            );
            let reason = Reason::DeliveryLimit;
            dead::bury(connection, &claimer.name, event.seq, reason, &error, now)?;
            done.given_up += 1;
            continue;
        }
        take.execute((event.seq, done.until, claimer.owner))?;
        done.claimed.push(event);
    }
    Ok(())
}

fn claimed(row: &Row<'_>) -> Result<Claimed> {
    Ok(Claimed {
        seq: row.get(0)?,
        attempt: row.get(1)?,
        attributes: row.get(2)?,
        data: row.get(3)?,
    })
}

/// So much later than `now`. Never 0, which would be at once without being looked for.
fn later(now: i64, after: Duration) -> i64 {
    let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    now.saturating_add(after).max(1)
}

#[cfg(test)]
mod tests {
    use msf_store::sqlite::rusqlite::{self, StatementStatus};

    use super::*;
    use crate::embedded::schema;

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in schema::MIGRATIONS {
            connection.execute_batch(migration.sql).unwrap();
        }
        connection
    }

    /// What a statement goes through, as SQLite says it.
    fn plan(sql: &str) -> Vec<String> {
        let connection = connection();
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let values = rusqlite::params_from_iter(&[1, 2][..parameters(sql)]);
        let steps = explain.query_map(values, |row| row.get(3)).unwrap();
        steps.collect::<Result<_>>().unwrap()
    }

    #[test]
    fn no_statement_reads_more_than_it_needs_however_much_is_queued() {
        for (sql, expected) in [
            (
                PROMOTE,
                &["SEARCH queue USING INDEX queue_due (subscription=? AND due>? AND due<?)"][..],
            ),
            (
                NEXT,
                &["SEARCH queue USING COVERING INDEX queue_due (subscription=? AND due>?)"],
            ),
            (
                READY,
                &["SEARCH queue USING INDEX queue_due (subscription=? AND due=?)"],
            ),
            (
                READY_BY_KEY,
                &[
                    "SEARCH this USING INDEX queue_due (subscription=? AND due=?)",
                    "CORRELATED SCALAR SUBQUERY 1",
                    "SEARCH earlier USING COVERING INDEX queue_keys (subscription=? AND key=? AND rowid<?)",
                ],
            ),
        ] {
            assert_eq!(plan(sql), expected);
        }
    }

    #[test]
    fn no_statement_is_planned_anew_for_each_value() {
        let connection = connection();
        for sql in [PROMOTE, NEXT, READY, READY_BY_KEY] {
            let mut statement = connection.prepare(sql).unwrap();
            for round in 1..20 {
                let values = &[round, round * 1000][..parameters(sql)];
                let mut rows = statement.query(rusqlite::params_from_iter(values)).unwrap();
                while rows.next().unwrap().is_some() {}
            }
            // SQLite may try what a value tells it, and find that it tells nothing.
            let plans = statement.get_status(StatementStatus::RePrepare);
            assert!(plans <= 2, "{plans}: {sql}");
        }
    }

    fn parameters(sql: &str) -> usize {
        if sql.contains("?2") { 2 } else { 1 }
    }
}
