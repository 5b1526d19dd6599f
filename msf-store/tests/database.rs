//! A database from opening to closing: settings, files, reads, writes, health, component.
#![cfg(feature = "sqlite")]

mod support;

use std::pin::pin;
use std::time::Duration;

use msf_core::component::{Component, Life, Phase};
use msf_core::health::{Audience, Health, Probe, State};
use msf_store::sqlite::{Database, Error, Result};
use support::gate::hold;
use support::{insert, poll, pragma, scratch, settle, soon, spawn_write, values};

#[tokio::test]
async fn the_live_writer_has_the_settings_that_durability_rests_on() {
    let scratch = scratch();
    for (name, wanted) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("busy_timeout", "5000"),
    ] {
        let found = scratch
            .database
            .write(move |tx| pragma(tx, name))
            .await
            .unwrap();
        assert_eq!(found, wanted, "{name} of the writer");
    }
    for (name, wanted) in [
        ("journal_mode", "wal"),
        ("query_only", "1"),
        ("foreign_keys", "1"),
    ] {
        let found = scratch
            .database
            .read(move |db| pragma(db, name))
            .await
            .unwrap();
        assert_eq!(found, wanted, "{name} of a reader");
    }
}

#[tokio::test]
async fn a_read_sees_every_write_that_was_answered() {
    let scratch = scratch();
    for value in 0..200 {
        scratch
            .database
            .write(move |tx| insert(tx, value))
            .await
            .unwrap();
        let seen = scratch.database.read(values).await.unwrap();
        assert_eq!(seen.last(), Some(&value));
    }
}

#[tokio::test]
async fn a_read_cannot_write() {
    let scratch = scratch();
    let refused = scratch
        .database
        .read(|db| -> Result<_> { Ok(db.execute("INSERT INTO numbers (value) VALUES (1)", [])?) })
        .await;
    assert!(matches!(refused, Err(Error::Sqlite(_))), "{refused:?}");
    assert!(scratch.database.read(values).await.unwrap().is_empty());
}

#[tokio::test]
async fn all_statements_of_a_read_see_one_state() {
    let scratch = scratch();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let read = scratch.database.read(move |db| -> Result<_> {
        let before = values(db)?;
        begun.send(()).unwrap();
        may_go_on.recv().unwrap();
        Ok((before, values(db)?))
    });
    let mut read = pin!(read);
    assert!(poll(&mut read).await.is_pending());
    has_begun.recv().unwrap();
    scratch.database.write(|tx| insert(tx, 7)).await.unwrap();
    go_on.send(()).unwrap();
    assert_eq!(read.await.unwrap(), (vec![], vec![]));
    assert_eq!(scratch.database.read(values).await.unwrap(), [7]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/of/users.db");
    let database = Database::open(&path, support::MIGRATIONS).unwrap();
    database.write(|tx| insert(tx, 1)).await.unwrap();
    for file in ["users.db", "users.db-wal", "users.db-shm"] {
        let mode = path
            .with_file_name(file)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert_eq!(
        path.parent()
            .unwrap()
            .metadata()
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    assert_eq!(database.path(), path);
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_moves_the_log_into_the_file() {
    let scratch = scratch();
    let database = &scratch.database;
    let gate = hold(database).await;
    let queued: Vec<_> = (0..50)
        .map(|value| spawn_write(database, move |tx| insert(tx, value)))
        .collect();
    settle().await;
    let mut closing = pin!(database.close());
    assert!(poll(&mut closing).await.is_pending());
    gate.open().await;
    closing.await;
    for stored in queued {
        stored.await.unwrap().unwrap();
    }
    let refused = database.write(|tx| insert(tx, 99)).await;
    assert!(matches!(refused, Err(Error::Closed)), "{refused:?}");
    let refused = database.read(values).await;
    assert!(matches!(refused, Err(Error::Closed)), "{refused:?}");
    assert!(!database.path().with_file_name("numbers.db-wal").exists());

    let again = Database::open(database.path(), support::MIGRATIONS).unwrap();
    assert_eq!(
        again.read(values).await.unwrap(),
        (0..50).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_component_closes_at_its_soft_end() {
    let scratch = scratch();
    let component = scratch.database.component();
    assert_eq!(
        (component.name(), component.stops_in()),
        ("numbers", Phase::Pools)
    );
    assert_eq!(component.checks().len(), 1);
    let (handle, life) = Life::new();
    let running = tokio::spawn(Box::new(component).run(life));
    scratch.database.write(|tx| insert(tx, 1)).await.unwrap();
    assert!(!running.is_finished());
    handle.stop();
    running.await.unwrap().unwrap();
    let refused = scratch.database.write(|tx| insert(tx, 2)).await;
    assert!(matches!(refused, Err(Error::Closed)), "{refused:?}");
}

#[tokio::test]
async fn a_component_whose_threads_end_by_themselves_has_failed() {
    let scratch = scratch();
    let (_handle, life) = Life::new();
    let running = tokio::spawn(Box::new(scratch.database.component()).run(life));
    scratch.database.close().await;
    let error = soon(running).await.unwrap().unwrap_err().to_string();
    assert!(error.contains("numbers.db have ended"), "{error}");
}

#[tokio::test]
async fn the_last_clone_that_is_dropped_closes_the_file() {
    let scratch = scratch();
    let path = scratch.database.path().to_owned();
    let gate = hold(&scratch.database).await;
    let queued = spawn_write(&scratch.database, |tx| insert(tx, 1));
    settle().await;
    gate.open().await;
    queued.await.unwrap().unwrap();
    let log = path.with_file_name("numbers.db-wal");
    assert!(log.exists());
    drop(scratch.database);
    soon(async {
        while log.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn what_is_no_database_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.db");
    std::fs::write(&path, "this is a letter to my aunt, and no database at all").unwrap();
    let error = Database::open(&path, support::MIGRATIONS).unwrap_err();
    let text = msf_core::error::chain(&error);
    assert!(
        text.contains("users.db: the file is damaged or is no SQLite database"),
        "{text}"
    );

    let error = Database::open(folder.path(), &[]).unwrap_err();
    let text = msf_core::error::chain(&error);
    assert!(text.contains("cannot open the database"), "{text}");

    let error = Database::open(":memory:", &[]).unwrap_err();
    let text = msf_core::error::chain(&error);
    assert!(text.contains("take a file in a temporary folder"), "{text}");
}

#[tokio::test]
async fn the_check_passes_until_the_database_is_closed() {
    let scratch = scratch();
    let health = Health::new();
    health.add(scratch.database.check().cache(Duration::ZERO));
    health.set_state(State::Ready);
    assert_eq!(
        Probe::Ready
            .answer(&health, Audience::Operators)
            .await
            .status,
        200
    );
    scratch.database.close().await;
    let report = health.report().await;
    assert_eq!(report.checks[0].name, "numbers");
    let message = report.checks[0].message.clone().unwrap();
    assert!(message.contains("is closed"), "{message}");
}
