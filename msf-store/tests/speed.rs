//! How many writes a second the engine stores, against one connection behind a mutex with the same settings.
#![cfg(feature = "sqlite")]
#![expect(clippy::print_stdout, reason = "the figures are half of the result")]

mod support;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msf_store::sqlite::{Connection, Database, Result, Transaction, rusqlite};
use rusqlite::TransactionBehavior;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::Instant;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT";
const BODY: [u8; 256] = [7; 256];

/// Both contestants, each with a file of its own on the disk of the build.
struct Contest {
    engine: Database,
    mutex: Arc<Mutex<Connection>>,
    runtime: Runtime,
    _folder: TempDir,
}

fn insert(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached("INSERT INTO events (body) VALUES (?1)")?
        .execute([&BODY[..]])?;
    Ok(())
}

impl Contest {
    fn new() -> Self {
        // Not the folder for temporary files, which may lie in memory, where a flush costs nothing.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let engine = Database::open(folder.path().join("engine.db"), &[]).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(engine.write(|tx| -> Result<_> { Ok(tx.execute_batch(TABLE)?) }))
            .unwrap();
        Self {
            engine,
            mutex: Arc::new(Mutex::new(plain(&folder.path().join("mutex.db")))),
            runtime,
            _folder: folder,
        }
    }

    /// Writes a second of `writers` tasks through the engine.
    fn engine(&self, writers: usize, window: Duration) -> f64 {
        let (stop, count) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        self.runtime.block_on(async {
            let begun = Instant::now();
            let tasks: Vec<_> = (0..writers)
                .map(|_| {
                    let (database, stop, count) =
                        (self.engine.clone(), Arc::clone(&stop), Arc::clone(&count));
                    tokio::spawn(async move {
                        while !stop.load(Ordering::Relaxed) {
                            database.write(insert).await.unwrap();
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            tokio::time::sleep(window).await;
            let stored = count.load(Ordering::Relaxed);
            let rate = rate(stored, begun.elapsed());
            stop.store(true, Ordering::Relaxed);
            for task in tasks {
                task.await.unwrap();
            }
            rate
        })
    }

    /// Writes a second of `writers` threads that take turns at one connection, one transaction a write.
    fn mutex(&self, writers: usize, window: Duration) -> f64 {
        let (stop, count) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let begun = Instant::now();
        let threads: Vec<_> = (0..writers)
            .map(|_| {
                let (connection, stop, count) = (
                    Arc::clone(&self.mutex),
                    Arc::clone(&stop),
                    Arc::clone(&count),
                );
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let connection = connection.lock().unwrap();
                        let behavior = TransactionBehavior::Immediate;
                        let tx = Transaction::new_unchecked(&connection, behavior).unwrap();
                        insert(&tx).unwrap();
                        tx.commit().unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        self.runtime
            .block_on(async { tokio::time::sleep(window).await });
        let stored = count.load(Ordering::Relaxed);
        let rate = rate(stored, begun.elapsed());
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().unwrap();
        }
        rate
    }

    /// Alternates windows of both, prints a line of the table and returns the ratio of the medians.
    fn line(&self, writers: usize, rounds: usize, window: Duration) -> f64 {
        let (mut engine, mut mutex) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            mutex.push(self.mutex(writers, window));
            engine.push(self.engine(writers, window));
        }
        let (engine, mutex) = (median(engine), median(mutex));
        let ratio = engine / mutex;
        println!("{writers:>7} {mutex:>12.0} {engine:>12.0} {ratio:>6.2}");
        ratio
    }

    fn table(&self, rounds: usize, window: Duration) -> [f64; 3] {
        println!(
            "writers      mutex/s     engine/s  ratio   ({rounds} alternating windows of {window:?}, medians)"
        );
        [1, 16, 256].map(|writers| self.line(writers, rounds, window))
    }
}

fn plain(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    for (name, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
    ] {
        connection.pragma_update(None, name, value).unwrap();
    }
    connection.execute_batch(TABLE).unwrap();
    connection
}

fn rate(count: u64, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[test]
fn sixteen_writers_are_twice_as_fast_as_behind_a_mutex() {
    let [_, sixteen, _] = Contest::new().table(3, Duration::from_millis(400));
    assert!(sixteen >= 2.0, "16 writers: {sixteen:.2} times the mutex");
}

#[test]
#[ignore = "soak"]
fn soak_sixteen_writers_are_several_times_as_fast_as_behind_a_mutex() {
    let [one, sixteen, many] = Contest::new().table(9, Duration::from_secs(2));
    assert!(one >= 0.5, "1 writer: {one:.2} times the mutex");
    assert!(sixteen >= 3.0, "16 writers: {sixteen:.2} times the mutex");
    assert!(many >= 3.0, "256 writers: {many:.2} times the mutex");
}
