//! Group commit: jobs share a transaction and nothing else.
#![cfg(feature = "sqlite")]

mod support;

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use msf_store::Migration;
use msf_store::sqlite::{Error, Options, Result, Transaction, rusqlite};
use proptest::prelude::*;
use support::gate::hold;
use support::recorder::Recorded;
use support::{Scratch, insert, poll, scratch_with, settle, spawn_write, values};
use tokio::task::JoinHandle;

/// A machine that stands still for a moment must not end a transaction.
fn options() -> Options {
    Options::new().batch_time(Duration::from_secs(60))
}

fn scratch() -> Scratch {
    scratch_with(&options())
}

type Write = JoinHandle<Result<(), Error>>;

#[tokio::test]
async fn writes_that_wait_together_share_one_transaction() {
    let recorded = Recorded::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let scratch = scratch();
    let gate = hold(&scratch.database).await;
    let writes: Vec<Write> = (0..100)
        .map(|value| spawn_write(&scratch.database, move |tx| insert(tx, value)))
        .collect();
    settle().await;
    gate.open().await;
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(
        recorded.samples("msf_store_batch_size{database=numbers}"),
        [101.0]
    );
    assert_eq!(
        recorded
            .samples("msf_store_commit_seconds{database=numbers}")
            .len(),
        1
    );
    assert_eq!(
        recorded.count("msf_store_writes_total{database=numbers,outcome=ok}"),
        101
    );
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let recorded = Recorded::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let scratch = scratch_with(&options().batch(4));
    let gate = hold(&scratch.database).await;
    let writes: Vec<Write> = (0..9)
        .map(|value| spawn_write(&scratch.database, move |tx| insert(tx, value)))
        .collect();
    settle().await;
    gate.open().await;
    for write in writes {
        write.await.unwrap().unwrap();
    }
    let mut sizes = recorded.samples("msf_store_batch_size{database=numbers}");
    sizes.sort_by(f64::total_cmp);
    assert_eq!(sizes, [2.0, 4.0, 4.0]);
}

#[tokio::test]
async fn a_transaction_ends_after_its_time() {
    let recorded = Recorded::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let scratch = scratch_with(&Options::new().batch_time(Duration::ZERO));
    let gate = hold(&scratch.database).await;
    let write: Write = spawn_write(&scratch.database, |tx| insert(tx, 1));
    settle().await;
    gate.open().await;
    write.await.unwrap().unwrap();
    assert_eq!(
        recorded.samples("msf_store_batch_size{database=numbers}"),
        [1.0, 1.0]
    );
}

#[tokio::test]
async fn nobody_is_answered_before_the_transaction_has_ended() {
    let scratch = scratch();
    let gate = hold(&scratch.database).await;
    let mut first = pin!(scratch.database.write(|tx| insert(tx, 1)));
    assert!(poll(&mut first).await.is_pending());
    // The second one runs in the same transaction as the first, and holds it open.
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let second: Write = spawn_write(&scratch.database, move |tx| {
        assert_eq!(values(tx)?, [1], "it sees what those before it wrote");
        begun.send(()).unwrap();
        may_go_on.recv().unwrap();
        insert(tx, 2)
    });
    settle().await;
    let opened = tokio::spawn({
        let seen = scratch.database.clone();
        async move {
            has_begun.await.unwrap();
            seen.read(values).await.unwrap()
        }
    });
    let mut gate = pin!(gate.open());
    assert!(poll(&mut gate).await.is_pending());
    assert!(
        opened.await.unwrap().is_empty(),
        "a reader sees nothing of it"
    );
    assert!(poll(&mut first).await.is_pending());
    go_on.send(()).unwrap();
    gate.await;
    first.await.unwrap();
    second.await.unwrap().unwrap();
}

/// What a job of the property test does.
#[derive(Clone, Debug)]
enum Step {
    Insert(i64),
    InsertTwo(i64, i64),
    InsertThenFail(i64),
    InsertThenPanic(i64),
    Delete(i64),
    Move(i64, i64),
    Nested { kept: i64, undone: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Stored,
    Duplicate,
    Failed,
    Panicked,
}

fn step() -> impl Strategy<Value = Step> {
    let value = || 0..12i64;
    prop_oneof![
        4 => value().prop_map(Step::Insert),
        2 => (value(), value()).prop_map(|(a, b)| Step::InsertTwo(a, b)),
        2 => value().prop_map(Step::InsertThenFail),
        1 => value().prop_map(Step::InsertThenPanic),
        2 => value().prop_map(Step::Delete),
        1 => (value(), value()).prop_map(|(a, b)| Step::Move(a, b)),
        1 => (value(), value()).prop_map(|(kept, undone)| Step::Nested { kept, undone }),
    ]
}

fn carry_out(step: &Step, tx: &Transaction<'_>) -> Result<()> {
    match *step {
        Step::Insert(value) => insert(tx, value),
        Step::InsertTwo(a, b) => insert(tx, a).and_then(|()| insert(tx, b)),
        Step::InsertThenFail(value) => {
            insert(tx, value)?;
            Err(rusqlite::Error::QueryReturnedNoRows.into())
        }
        Step::InsertThenPanic(value) => {
            insert(tx, value)?;
            panic!("on purpose")
        }
        Step::Delete(value) => {
            tx.execute("DELETE FROM numbers WHERE value = ?1", [value])?;
            Ok(())
        }
        Step::Move(from, to) => {
            tx.execute("UPDATE numbers SET value = ?2 WHERE value = ?1", [from, to])?;
            Ok(())
        }
        Step::Nested { kept, undone } => {
            insert(tx, kept)?;
            tx.execute_batch("SAVEPOINT own")?;
            // It may be there; then there is nothing to undo.
            let _ = insert(tx, undone);
            tx.execute_batch("ROLLBACK TO own; RELEASE own")?;
            Ok(())
        }
    }
}

/// The same on a model: either all of a step happens or nothing.
fn expect(step: &Step, model: &mut BTreeSet<i64>) -> End {
    let before = model.clone();
    let mut add = |value| model.insert(value);
    let end = match *step {
        Step::Insert(value) | Step::Nested { kept: value, .. } if add(value) => End::Stored,
        Step::InsertTwo(a, b) if add(a) && add(b) => End::Stored,
        Step::InsertThenFail(value) if add(value) => End::Failed,
        Step::InsertThenPanic(value) if add(value) => End::Panicked,
        Step::Delete(value) => {
            model.remove(&value);
            End::Stored
        }
        Step::Move(from, to) => {
            if from == to || !model.remove(&from) || model.insert(to) {
                End::Stored
            } else {
                End::Duplicate
            }
        }
        _ => End::Duplicate,
    };
    if end != End::Stored {
        *model = before;
    }
    end
}

fn end(result: Result<()>) -> End {
    match result {
        Ok(()) => End::Stored,
        Err(Error::Panicked) => End::Panicked,
        Err(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => End::Failed,
        Err(error) if error.is_unique_violation() => End::Duplicate,
        Err(other) => panic!("{other:?}"),
    }
}

async fn model_holds(scratch: &Scratch, bursts: Vec<Vec<Step>>) -> Result<(), TestCaseError> {
    let mut model = BTreeSet::new();
    for burst in bursts {
        let gate = hold(&scratch.database).await;
        let writes: Vec<(Step, Write)> = burst
            .into_iter()
            .map(|step| {
                (
                    step.clone(),
                    spawn_write(&scratch.database, move |tx| carry_out(&step, tx)),
                )
            })
            .collect();
        settle().await;
        gate.open().await;
        for (step, write) in writes {
            let expected = expect(&step, &mut model);
            prop_assert_eq!(end(write.await.unwrap()), expected, "{:?}", step);
        }
        let stored = scratch.database.read(values).await.unwrap();
        prop_assert_eq!(stored, model.iter().copied().collect::<Vec<_>>());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_shares_a_transaction_the_store_is_what_the_successful_jobs_make_of_it(
        bursts in prop::collection::vec(prop::collection::vec(step(), 1..30), 1..4),
        batch in 1usize..40,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(model_holds(&scratch_with(&Options::new().batch(batch)), bursts))?;
    }
}

#[tokio::test]
async fn a_job_that_makes_sqlite_roll_back_is_told_to_all_of_its_transaction_and_to_no_other() {
    let scratch = scratch();
    let database = &scratch.database;
    database.write(|tx| insert(tx, 1)).await.unwrap();
    let gate = hold(database).await;
    let before: Write = spawn_write(database, |tx| insert(tx, 2));
    let offender: Write = spawn_write(database, |tx| {
        Ok(tx.execute_batch("INSERT OR ROLLBACK INTO numbers (value) VALUES (1)")?)
    });
    let after: Write = spawn_write(database, |tx| insert(tx, 3));
    settle().await;
    let gate = gate.open_to_any_end().await;
    assert!(matches!(gate, Err(Error::RolledBack)), "{gate:?}");
    let before = before.await.unwrap();
    assert!(matches!(before, Err(Error::RolledBack)), "{before:?}");
    assert!(offender.await.unwrap().unwrap_err().is_unique_violation());
    after.await.unwrap().unwrap();
    assert_eq!(database.read(values).await.unwrap(), [1, 3]);
}

#[tokio::test]
async fn a_job_that_hides_a_rollback_is_told_too() {
    let scratch = scratch();
    scratch.database.write(|tx| insert(tx, 1)).await.unwrap();
    let hidden = scratch.database.write(|tx| -> Result<()> {
        insert(tx, 2)?;
        let _ = tx.execute_batch("INSERT OR ROLLBACK INTO numbers (value) VALUES (1)");
        Ok(())
    });
    let hidden = hidden.await;
    assert!(matches!(hidden, Err(Error::RolledBack)), "{hidden:?}");
    assert_eq!(scratch.database.read(values).await.unwrap(), [1]);
}

#[tokio::test]
async fn a_job_cannot_reach_beyond_itself() {
    let scratch = scratch();
    let gate = hold(&scratch.database).await;
    let mate: Write = spawn_write(&scratch.database, |tx| insert(tx, 1));
    let statements = [
        "COMMIT",
        "ROLLBACK",
        "BEGIN",
        "RELEASE msf_job",
        "ROLLBACK TO MSF_JOB",
        "PRAGMA synchronous = OFF",
        "PRAGMA main.locking_mode = EXCLUSIVE",
        "PRAGMA defer_foreign_keys(ON)",
        "PRAGMA ignore_check_constraints = ON",
        "ATTACH 'other.db' AS other",
    ];
    let refused: Vec<_> = statements
        .map(|sql| {
            (
                sql,
                spawn_write(&scratch.database, move |tx| -> Result<()> {
                    Ok(tx.execute_batch(sql)?)
                }),
            )
        })
        .into_iter()
        .collect();
    settle().await;
    gate.open().await;
    for (sql, write) in refused {
        let error = write.await.unwrap().expect_err(sql).to_string();
        assert!(
            error.contains("may not begin or end a transaction"),
            "{sql}: {error}"
        );
    }
    mate.await.unwrap().unwrap();
    let synchronous = scratch
        .database
        .write(|tx| support::pragma(tx, "synchronous"))
        .await
        .unwrap();
    assert_eq!(synchronous, "2");
    let read = scratch
        .database
        .read(|db| -> Result<()> { Ok(db.execute_batch("PRAGMA query_only = OFF")?) });
    assert!(
        read.await
            .unwrap_err()
            .to_string()
            .contains("change how the connection works")
    );
}

#[tokio::test]
async fn a_deferred_foreign_key_fails_its_own_job_alone() {
    const DEFERRED: &[Migration] = &[Migration::new(
        1,
        "tree",
        "CREATE TABLE numbers (value INTEGER PRIMARY KEY, parent INTEGER REFERENCES numbers (value) DEFERRABLE INITIALLY DEFERRED) STRICT",
    )];
    let folder = tempfile::tempdir().unwrap();
    let database = Options::new()
        .open(folder.path().join("tree.db"), DEFERRED)
        .unwrap();
    let gate = hold(&database).await;
    let before: Write = spawn_write(&database, |tx| insert(tx, 1));
    let orphan: Write = spawn_write(&database, |tx| {
        tx.execute("INSERT INTO numbers VALUES (2, 99)", [])?;
        Ok(())
    });
    let after: Write = spawn_write(&database, |tx| insert(tx, 3));
    settle().await;
    gate.open().await;
    before.await.unwrap().unwrap();
    assert!(
        orphan
            .await
            .unwrap()
            .unwrap_err()
            .is_foreign_key_violation()
    );
    after.await.unwrap().unwrap();
    assert_eq!(database.read(values).await.unwrap(), [1, 3]);
}
