//! Several processes on one file: they write, migrate and read beside each other.
#![cfg(feature = "sqlite")]
#![expect(clippy::print_stdout, reason = "the figures are half of the result")]

mod support;

use std::sync::Barrier;
use std::time::Duration;

use msf_store::Migration;
use msf_store::sqlite::{Connection, Database, Result};
use support::child::{Orders, Process, say};
use support::{MIGRATIONS, insert, scratch, values};
use tokio::task::JoinSet;
use tokio::time::Instant;

const WRITERS: i64 = 8;

/// Each leaves a trace of every time that it ran.
const TRACES: &[Migration] = &[
    Migration::new(
        1,
        "trace",
        "CREATE TABLE trace (version INTEGER) STRICT; INSERT INTO trace VALUES (1)",
    ),
    Migration::new(2, "second", "INSERT INTO trace VALUES (2)"),
    Migration::new(
        3,
        "third",
        "INSERT INTO trace SELECT 3 FROM trace WHERE version = 2",
    ),
];

/// Writes `count` numbers from `first` on with several tasks at full speed, and says how long the slowest write took. Every
/// one must succeed.
async fn write_all(database: &Database, first: i64, count: i64) -> Duration {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let database = database.clone();
        writers.spawn(async move {
            let mut slowest = Duration::ZERO;
            for value in (first + writer..first + count).step_by(usize::try_from(WRITERS).unwrap())
            {
                let begun = Instant::now();
                database.write(move |tx| insert(tx, value)).await.unwrap();
                slowest = slowest.max(begun.elapsed());
            }
            slowest
        });
    }
    writers.join_all().await.into_iter().max().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
#[ignore = "a child of a test below"]
fn child_that_writes() {
    let orders = Orders::receive();
    let database = Database::open(&orders.path, MIGRATIONS).unwrap();
    runtime().block_on(async {
        let slowest = write_all(&database, orders.first, orders.count).await;
        database.close().await;
        say(slowest.as_millis());
    });
}

/// Three processes write `each` numbers at full speed. Returns how long the slowest write of each took, in milliseconds.
fn compete(each: i64) -> Vec<u128> {
    let scratch = scratch();
    let mut children = [1, 2].map(|child| {
        Process::start(
            "child_that_writes",
            scratch.database.path(),
            child * each,
            each,
        )
    });
    for child in &mut children {
        child.go();
    }
    let own = runtime().block_on(write_all(&scratch.database, 0, each));
    let mut slowest = vec![own.as_millis()];
    for mut child in children {
        slowest.push(child.hear().expect("the child writes all").parse().unwrap());
        child.succeed();
    }
    let stored = runtime().block_on(scratch.database.read(values)).unwrap();
    assert_eq!(stored, (0..3 * each).collect::<Vec<_>>());
    println!("slowest write of each process: {slowest:?} ms");
    slowest
}

#[test]
fn three_processes_write_at_full_speed_and_nothing_is_lost_or_refused() {
    compete(4_000);
}

#[test]
#[ignore = "soak"]
fn soak_of_three_processes_at_full_speed_none_starves() {
    for slowest in compete(200_000) {
        assert!(
            slowest < 1_000,
            "a write took {slowest} ms; the busy timeout is 5000 ms"
        );
    }
}

#[test]
#[ignore = "a child of a test below"]
fn child_that_migrates() {
    say("ready");
    let orders = Orders::receive();
    drop(Database::open(&orders.path, TRACES).unwrap());
}

#[test]
fn of_four_processes_that_open_a_new_file_at_once_one_runs_each_migration() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        let mut children = [0; 4].map(|_| Process::start("child_that_migrates", &path, 0, 0));
        for child in &mut children {
            assert_eq!(child.hear().as_deref(), Some("ready"));
        }
        for child in &mut children {
            child.go();
        }
        for child in children {
            child.succeed();
        }
        let plain = Connection::open(&path).unwrap();
        let mut statement = plain
            .prepare("SELECT version FROM trace ORDER BY version")
            .unwrap();
        let ran: Vec<i64> = statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(ran, [1, 2, 3]);
    }
}

#[test]
fn many_that_open_a_new_file_at_once_all_succeed() {
    // SQLite does not itself wait where two switch a file to WAL; of 1800 openings about ten hit that.
    for _ in 0..200 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        let barrier = Barrier::new(6);
        std::thread::scope(|scope| {
            let open = || {
                barrier.wait();
                Database::open(&path, MIGRATIONS).map(drop)
            };
            let opening = [(); 6].map(|()| scope.spawn(open));
            for opened in opening {
                opened.join().unwrap().unwrap();
            }
        });
    }
}
