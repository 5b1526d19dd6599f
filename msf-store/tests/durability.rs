//! kill -9 at any moment: whatever was answered is there.
#![cfg(feature = "sqlite")]
#![expect(clippy::print_stdout, reason = "the figures are half of the result")]

mod support;

use std::hash::{BuildHasher, Hasher, RandomState};

use msf_store::sqlite::Database;
use support::child::{Orders, Process, say};
use support::{MIGRATIONS, insert_bytes, pragma, values};
use tempfile::TempDir;

const WRITERS: i64 = 8;

#[test]
#[ignore = "a child of the tests below"]
fn child_that_writes_until_it_is_killed() {
    let orders = Orders::receive();
    let database = Database::open(&orders.path, MIGRATIONS).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let writers = (0..WRITERS).map(|writer| {
            let database = database.clone();
            tokio::spawn(async move {
                for value in (orders.first + writer..).step_by(usize::try_from(WRITERS).unwrap()) {
                    // Of all sizes, so that checkpoints come in between.
                    let bytes = usize::try_from(value * 37 % 5_000).unwrap();
                    database
                        .write(move |tx| insert_bytes(tx, value, bytes))
                        .await
                        .unwrap();
                    say(value);
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

/// Kills a writing child `rounds` times, each time after a random number of answers, and looks for each answered write.
fn kills(rounds: u32) {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("numbers.db");
    let mut answered: Vec<i64> = Vec::new();
    let mut unanswered = 0;
    for round in 0..rounds {
        let first = answered.iter().max().map_or(0, |last| last + 10_000);
        let mut child = Process::start("child_that_writes_until_it_is_killed", &path, first, 0);
        child.go();
        let before = answered.len();
        let until = before + 1 + usize::try_from(random() % 700).unwrap();
        while answered.len() < until {
            answered.push(
                child
                    .hear()
                    .expect("writes until it is killed")
                    .parse()
                    .unwrap(),
            );
        }
        child.kill();
        // What it said before the kill counts, whenever it is heard.
        while let Some(said) = child.hear() {
            answered.push(said.parse().unwrap());
        }
        drop(child);

        let database = Database::open(&path, MIGRATIONS).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let (stored, integrity) = runtime.block_on(async {
            let stored = database.read(values).await.unwrap();
            let integrity = database
                .read(|db| pragma(db, "integrity_check"))
                .await
                .unwrap();
            database.close().await;
            (stored, integrity)
        });
        assert_eq!(integrity, "ok", "round {round}");
        let lost: Vec<_> = answered
            .iter()
            .filter(|value| stored.binary_search(value).is_err())
            .collect();
        assert!(
            lost.is_empty(),
            "round {round}: answered and not stored: {lost:?}"
        );
        unanswered = stored.len() - answered.len();
    }
    println!(
        "{rounds} kills, {} writes answered and stored, {unanswered} stored without an answer",
        answered.len()
    );
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[test]
fn ten_kills_lose_no_answered_write() {
    kills(10);
}

#[test]
#[ignore = "soak"]
fn soak_fifty_kills_lose_no_answered_write() {
    kills(50);
}
