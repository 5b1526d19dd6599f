//! What happens at every bound: a full file, a locked one, a full queue, a deadline, a caller that goes, a panic.
#![cfg(feature = "sqlite")]

mod support;

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use msf_core::context::{Context, Deadline};
use msf_core::error::{Error as CoreError, Kind};
use msf_core::health::{Health, State};
use msf_store::sqlite::{Connection, Error, Options, Result, Transaction};
use support::gate::hold;
use support::{
    insert, insert_bytes, poll, scratch, scratch_with, settle, soon, spawn_write, values,
};
use tokio::time::Instant;

/// A job that counts how often it ran.
fn counting(runs: &Arc<AtomicUsize>) -> impl FnOnce(&Transaction<'_>) -> Result<()> + Send + use<> {
    let runs = Arc::clone(runs);
    move |_| {
        runs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn kind(error: Error) -> Kind {
    CoreError::from(error).kind()
}

#[tokio::test]
async fn a_full_file_refuses_writes_until_there_is_room() {
    let scratch = scratch_with(&Options::new().max_pages(40));
    let database = &scratch.database;
    let mut stored = Vec::new();
    let refused = loop {
        let value = i64::try_from(stored.len()).unwrap();
        match database
            .write(move |tx| insert_bytes(tx, value, 9_000))
            .await
        {
            Ok(()) => stored.push(value),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::DiskFull), "{refused:?}");
    assert!(refused.to_string().contains("make room"), "{refused}");
    assert_eq!(kind(refused), Kind::Unavailable);
    assert!(stored.len() > 5);
    assert_eq!(database.read(values).await.unwrap(), stored);

    let make_room = |tx: &Transaction<'_>| -> Result<_> {
        Ok(tx.execute("DELETE FROM numbers WHERE value < 3", [])?)
    };
    assert_eq!(database.write(make_room).await.unwrap(), 3);
    database
        .write(|tx| insert_bytes(tx, 100, 9_000))
        .await
        .unwrap();
}

#[tokio::test]
async fn in_a_full_file_only_what_is_stored_was_answered_so() {
    let scratch = scratch_with(&Options::new().max_pages(60));
    let database = &scratch.database;
    let mut answered = BTreeSet::new();
    let mut refused = 0;
    for round in 0..20 {
        let gate = hold(database).await;
        let writes: Vec<_> = (round * 10..round * 10 + 10)
            .map(|value| {
                (
                    value,
                    spawn_write(database, move |tx| insert_bytes(tx, value, 2_500)),
                )
            })
            .collect();
        settle().await;
        // The job of the gate wrote nothing, and may share the fate of the others.
        let _ = gate.open_to_any_end().await;
        for (value, write) in writes {
            match write.await.unwrap() {
                Ok(()) => assert!(answered.insert(value)),
                Err(Error::DiskFull | Error::RolledBack) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert!(
        refused > 10 && answered.len() > 10,
        "{refused} refused, {} stored",
        answered.len()
    );
    let stored = database.read(values).await.unwrap();
    assert_eq!(stored, answered.into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_lock_of_another_connection_is_waited_for_and_then_busy() {
    let scratch = scratch_with(&Options::new().busy_timeout(Duration::from_millis(150)));
    let database = &scratch.database;
    let other = Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let writes: Vec<_> = (0..20)
        .map(|_| spawn_write(database, counting(&runs)))
        .collect();
    for write in writes {
        let refused = write.await.unwrap().unwrap_err();
        assert!(matches!(refused, Error::Busy), "{refused:?}");
        assert!(
            refused
                .to_string()
                .contains("long transaction on this file"),
            "{refused}"
        );
        assert_eq!(kind(refused), Kind::Unavailable);
    }
    // Each waits for the timeout, and not one after the other.
    let waited = begun.elapsed();
    assert!(
        waited >= Duration::from_millis(150) && waited < Duration::from_secs(2),
        "{waited:?}"
    );
    assert_eq!(runs.load(Ordering::SeqCst), 0);

    let mut patient = pin!(database.write(counting(&runs)));
    assert!(poll(&mut patient).await.is_pending());
    other.execute_batch("COMMIT").unwrap();
    patient.await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_full_queue_makes_the_next_wait_for_room() {
    let scratch = scratch_with(&Options::new().queue(3));
    let database = &scratch.database;
    let gate = hold(database).await;
    let writes: Vec<_> = (0..8)
        .map(|value| spawn_write(database, move |tx| insert(tx, value)))
        .collect();
    settle().await;
    // Closing refuses those that wait for room, at once, and finishes those that have it.
    let mut closing = pin!(database.close());
    assert!(poll(&mut closing).await.is_pending());
    settle().await;
    assert_eq!(writes.iter().filter(|write| write.is_finished()).count(), 5);
    gate.open().await;
    let mut stored = 0;
    for write in writes {
        match write.await.unwrap() {
            Ok(()) => stored += 1,
            Err(Error::Closed) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(stored, 3);
}

#[tokio::test]
async fn who_waits_for_room_gets_it() {
    let scratch = scratch_with(&Options::new().queue(1));
    let writes: Vec<_> = (0..200)
        .map(|value| spawn_write(&scratch.database, move |tx| insert(tx, value)))
        .collect();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(
        scratch.database.read(values).await.unwrap(),
        (0..200).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_write_that_is_dropped_before_its_turn_does_not_run() {
    let scratch = scratch_with(&Options::new().queue(1));
    let database = &scratch.database;
    let gate = hold(database).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let (queued, waiting) = (
        spawn_write(database, counting(&runs)),
        spawn_write(database, counting(&runs)),
    );
    settle().await;
    for dropped in [queued, waiting] {
        dropped.abort();
        assert!(dropped.await.unwrap_err().is_cancelled());
    }
    gate.open().await;
    database.write(|tx| insert(tx, 1)).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_write_that_is_dropped_after_it_began_is_stored() {
    let scratch = scratch();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let write = spawn_write(&scratch.database, move |tx| {
        begun.send(()).unwrap();
        may_go_on.recv().unwrap();
        insert(tx, 7)
    });
    has_begun.await.unwrap();
    write.abort();
    assert!(write.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    scratch
        .database
        .write(|_| -> Result<()> { Ok(()) })
        .await
        .unwrap();
    assert_eq!(scratch.database.read(values).await.unwrap(), [7]);
}

#[tokio::test]
async fn a_deadline_that_passes_in_the_queue_or_before_it_ends_the_wait() {
    let scratch = scratch_with(&Options::new().queue(1));
    let database = &scratch.database;
    let runs = Arc::new(AtomicUsize::new(0));
    let deadline = Deadline::after(Duration::from_millis(50)).unwrap();
    let context = Context::root().with_deadline(deadline);
    let gate = hold(database).await;
    let mut queued = pin!(context.clone().scope(database.write(counting(&runs))));
    assert!(poll(&mut queued).await.is_pending());
    let waiting = context.scope(database.write(counting(&runs)));
    for refused in [soon(queued).await, soon(waiting).await] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::DeadlineExceeded), "{refused:?}");
        assert_eq!(kind(refused), Kind::DeadlineExceeded);
    }
    assert!(deadline.is_past());
    gate.open().await;
    database.write(|tx| insert(tx, 1)).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_job_that_is_late_does_not_run_although_its_caller_still_waits() {
    let scratch = scratch();
    let runs = Arc::new(AtomicUsize::new(0));
    let deadline = Deadline::after(Duration::from_millis(20)).unwrap();
    let context = Context::root().with_deadline(deadline);
    let gate = hold(&scratch.database).await;
    let mut late = pin!(context.scope(scratch.database.write(counting(&runs))));
    assert!(poll(&mut late).await.is_pending());
    // This task does not come to look at its timer before the writer has looked at the job.
    while !deadline.is_past() {
        std::hint::spin_loop();
    }
    gate.open().await;
    scratch.database.write(|tx| insert(tx, 1)).await.unwrap();
    assert!(matches!(late.await, Err(Error::DeadlineExceeded)));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_job_that_has_begun_is_answered_after_its_deadline_too() {
    let scratch = scratch();
    let context =
        Context::root().with_deadline(Deadline::after(Duration::from_millis(30)).unwrap());
    let write = scratch.database.write(move |tx| {
        let deadline = Context::current()
            .and_then(|context| context.deadline())
            .unwrap();
        while !deadline.is_past() {
            std::hint::spin_loop();
        }
        insert(tx, 3)
    });
    context.scope(write).await.unwrap();
    assert_eq!(scratch.database.read(values).await.unwrap(), [3]);
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_job_alone() {
    let scratch = scratch();
    let write = scratch.database.write(|tx| -> Result<()> {
        insert(tx, 1)?;
        panic!("on purpose");
    });
    let refused = write.await.unwrap_err();
    assert!(matches!(refused, Error::Panicked), "{refused:?}");
    assert_eq!(kind(refused), Kind::Internal);
    let refused = scratch
        .database
        .read(|_| -> Result<()> { panic!("on purpose") })
        .await;
    assert!(matches!(refused, Err(Error::Panicked)), "{refused:?}");
    scratch.database.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(scratch.database.read(values).await.unwrap(), [2]);
}

/// Panics when it is dropped.
#[derive(Debug)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "on purpose");
    }
}

#[tokio::test]
async fn a_panic_of_what_a_job_drops_does_not_end_the_writer() {
    let scratch = scratch();
    let database = &scratch.database;
    let gate = hold(database).await;
    // One is dropped because nobody wants its job, one because nobody waits for its result, one by the job.
    let bomb = Bomb;
    let unwanted = spawn_write(database, move |_| -> Result<()> {
        std::mem::forget(bomb);
        Ok(())
    });
    let bomb = Bomb;
    let dropped_by_the_job = spawn_write(database, move |_| -> Result<()> {
        drop(bomb);
        Ok(())
    });
    settle().await;
    unwanted.abort();
    assert!(unwanted.await.unwrap_err().is_cancelled());
    gate.open().await;
    assert!(matches!(
        dropped_by_the_job.await.unwrap(),
        Err(Error::Panicked)
    ));

    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let nobody_waits = spawn_write(database, move |_| -> Result<Bomb> {
        begun.send(()).unwrap();
        may_go_on.recv().unwrap();
        Ok(Bomb)
    });
    has_begun.await.unwrap();
    nobody_waits.abort();
    assert!(nobody_waits.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();

    database.write(|tx| insert(tx, 1)).await.unwrap();
    assert_eq!(database.read(values).await.unwrap(), [1]);
}

#[tokio::test]
async fn the_check_says_who_may_hold_the_lock() {
    let scratch = scratch();
    let other = Connection::open(scratch.database.path()).unwrap();
    let health = Health::new();
    health.add(scratch.database.check().cache(Duration::ZERO));
    health.set_state(State::Ready);
    assert!(health.is_ready().await);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let report = health.report().await;
    let message = report.checks[0].message.clone().unwrap();
    assert!(
        message.contains("long transaction on") && message.contains("numbers.db"),
        "{message}"
    );
    other.execute_batch("COMMIT").unwrap();
    assert!(health.is_ready().await);
}

#[tokio::test]
async fn after_a_failure_the_check_writes_to_the_disk_once() {
    let scratch = scratch();
    let health = Health::new();
    health.add(scratch.database.check().cache(Duration::ZERO));
    health.set_state(State::Ready);
    // It changes with each write of another connection.
    let other = Connection::open(scratch.database.path()).unwrap();
    let version = || {
        other
            .query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    scratch.database.write(|tx| insert(tx, 1)).await.unwrap();

    let healthy = version();
    assert!(health.is_ready().await);
    assert_eq!(version(), healthy);

    let rolled_back = scratch.database.write(|tx| -> Result<()> {
        Ok(tx.execute_batch("INSERT OR ROLLBACK INTO numbers (value) VALUES (1)")?)
    });
    assert!(rolled_back.await.is_err());
    assert_eq!(version(), healthy);
    assert!(health.is_ready().await);
    let mended = version();
    assert_ne!(mended, healthy);
    assert!(health.is_ready().await);
    assert_eq!(version(), mended);
}
