//! A disk that refuses, and takes again: the limit of a process on the size of its files stands for it.
#![cfg(all(feature = "sqlite", target_os = "linux"))]

mod support;

use std::time::Duration;

use msf_core::error::chain;
use msf_core::health::{Health, State};
use msf_store::sqlite::{Database, Error, Result, Transaction};
use support::child::{Orders, Process, say, wait_for_go};
use support::gate::hold;
use support::{MIGRATIONS, insert_bytes, settle, spawn_write, values};

#[test]
#[ignore = "a child of the test below"]
fn child_whose_files_cannot_grow() {
    let orders = Orders::receive();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let database = Database::open(&orders.path, MIGRATIONS).unwrap();
        let health = Health::new();
        health.add(database.check().cache(Duration::ZERO));
        health.set_state(State::Ready);
        assert!(health.is_ready().await);

        let mut answered = Vec::new();
        let refused = loop {
            let next = i64::try_from(answered.len()).unwrap();
            assert!(next < 1_000, "the disk takes everything");
            let gate = hold(&database).await;
            let writes: Vec<_> = (next..next + 5)
                .map(|value| {
                    (
                        value,
                        spawn_write(&database, move |tx| insert_bytes(tx, value, 10_000)),
                    )
                })
                .collect();
            settle().await;
            let _ = gate.open_to_any_end().await;
            let mut refused = Vec::new();
            for (value, write) in writes {
                match write.await.unwrap() {
                    Ok(()) => answered.push(value),
                    Err(error) => refused.push(error),
                }
            }
            if !refused.is_empty() {
                break refused;
            }
        };
        // The COMMIT failed, so each of its jobs is told.
        assert_eq!(refused.len(), 5);
        for error in refused {
            assert!(matches!(error, Error::Disk(_)), "{error:?}");
        }
        assert_eq!(database.read(values).await.unwrap(), answered);
        // There is room for a single page yet.
        let one_page =
            |tx: &Transaction<'_>| -> Result<()> { Ok(tx.pragma_update(None, "user_version", 7)?) };
        while database.write(one_page).await.is_ok() {}
        for _ in 0..2 {
            let report = health.report().await;
            let message = report.checks[0].message.clone().unwrap();
            assert!(message.contains("look for a quota or a limit"), "{message}");
        }
        say(answered.len());

        wait_for_go();
        assert!(health.is_ready().await);
        let next = i64::try_from(answered.len()).unwrap();
        let stored = database
            .write(move |tx| insert_bytes(tx, next, 10_000))
            .await;
        stored.unwrap_or_else(|error| panic!("{}", chain(&error)));
        answered.push(next);
        assert_eq!(database.read(values).await.unwrap(), answered);
        database.close().await;
    });
}

#[test]
fn a_disk_that_refuses_loses_nothing_and_writes_work_again_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.db");
    let mut child = Process::start_within(600, "child_whose_files_cannot_grow", &path);
    child.go();
    let answered: i64 = child.hear().expect("the disk refuses").parse().unwrap();
    assert!(answered > 10, "{answered}");
    child.lift();
    child.go();
    child.succeed();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let database = Database::open(&path, MIGRATIONS).unwrap();
    let stored = runtime.block_on(database.read(values)).unwrap();
    assert_eq!(stored, (0..=answered).collect::<Vec<_>>());
}
