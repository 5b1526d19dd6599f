//! The embedded engine: SQLite, compiled in, with one thread that writes for everybody.
//!
//! Writes that wait at the same time share one transaction and one flush to the disk (group commit), so many writers
//! are much faster than one after the other; [`Database::write`] answers when the disk has it.
//!
//! What people wrongly assume:
//!
//! - *"SQLite is slow under concurrent writes."* What is slow is a flush for each. Sixteen writers that share one are several
//!   times as fast as sixteen behind a mutex.
//! - *"In WAL mode a committed transaction survives a power cut."* Not with `synchronous=NORMAL`, which many libraries set.
//!   This engine sets `FULL`, and reads it back.
//! - *"A job that fails spoils the transaction for the others."* Each has a savepoint. Only what makes SQLite itself roll
//!   back (a full disk, `INSERT OR ROLLBACK`) hits those that share the transaction, and then each is told.
//! - *"A file belongs to one process."* A second one may open it, write to it and migrate it; SQLite's locks keep order.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use msf_store::Migration;
//! use msf_store::sqlite::{Database, Result};
//!
//! const MIGRATIONS: &[Migration] = &[Migration::new(1, "counter", "CREATE TABLE counter (value INTEGER NOT NULL) STRICT")];
//!
//! # let folder = tempfile::tempdir().unwrap();
//! let database = Database::open(folder.path().join("counter.db"), MIGRATIONS).unwrap();
//! database.write(|tx| -> Result<_> { Ok(tx.execute("INSERT INTO counter VALUES (7)", [])?) }).await.unwrap();
//! let value = database.read(|db| -> Result<i64> { Ok(db.query_row("SELECT value FROM counter", [], |row| row.get(0))?) });
//! assert_eq!(value.await.unwrap(), 7);
//! database.close().await;
//! # });
//! ```

mod caller;
mod component;
mod connection;
mod database;
mod engine;
mod error;
mod guard;
mod health;
mod job;
mod measure;
mod migrations;
mod options;
mod queue;
mod reader;
mod stopwatch;
mod writer;

pub use database::Database;
pub use error::{Error, Result};
pub use options::Options;
pub use rusqlite::{self, Connection, Transaction};
