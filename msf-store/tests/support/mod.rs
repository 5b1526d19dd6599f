//! What the tests of the engine share: a table of numbers in a folder of its own.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod child;
pub(crate) mod gate;
pub(crate) mod recorder;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use msf_store::Migration;
use msf_store::sqlite::{Connection, Database, Error, Options, Result, Transaction, rusqlite};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "numbers",
    "CREATE TABLE numbers (value INTEGER PRIMARY KEY, payload BLOB) STRICT",
)];

/// A database whose file lives as long as this does.
pub(crate) struct Scratch {
    pub(crate) folder: TempDir,
    pub(crate) database: Database,
}

pub(crate) fn scratch() -> Scratch {
    scratch_with(&Options::new())
}

pub(crate) fn scratch_with(options: &Options) -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let database = options
        .open(folder.path().join("numbers.db"), MIGRATIONS)
        .unwrap();
    Scratch { folder, database }
}

pub(crate) fn insert(tx: &Transaction<'_>, value: i64) -> Result<()> {
    tx.prepare_cached("INSERT INTO numbers (value) VALUES (?1)")?
        .execute([value])?;
    Ok(())
}

pub(crate) fn insert_bytes(tx: &Transaction<'_>, value: i64, bytes: usize) -> Result<()> {
    tx.prepare_cached("INSERT INTO numbers VALUES (?1, zeroblob(?2))")?
        .execute((value, i64::try_from(bytes).unwrap()))?;
    Ok(())
}

pub(crate) fn values(connection: &Connection) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT value FROM numbers ORDER BY value")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn pragma(connection: &Connection, name: &str) -> Result<String> {
    Ok(connection.pragma_query_value(None, name, |row| {
        row.get::<_, rusqlite::types::Value>(0)
            .map(|value| match value {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => format!("{other:?}"),
            })
    })?)
}

/// Starts a write in a task of its own. It is in the queue after the next [`settle`].
pub(crate) fn spawn_write<T, E, F>(database: &Database, job: F) -> JoinHandle<Result<T, E>>
where
    F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let database = database.clone();
    tokio::spawn(async move { database.write(job).await })
}

/// Lets every task that was spawned run up to where it waits. For runtimes of one thread.
pub(crate) async fn settle() {
    // The runtime runs some dozens of tasks before it comes back to this one.
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Waits for what must come; a test that waits for ever says nothing.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("comes soon")
}

/// Polls once, which puts a job into the queue.
pub(crate) async fn poll<F: Future>(future: &mut Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
