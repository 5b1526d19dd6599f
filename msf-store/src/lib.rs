//! Durable state of a service: what it was told is stored, stays stored.
//!
//! The embedded engine is SQLite (the module and feature `sqlite`): nothing to install, one file per service. Its schema is
//! a list of [`Migration`]s that only grows.
//!
//! What people wrongly assume:
//!
//! - *"A database has to be a server."* Most services write a few thousand rows a second at most; one file with group
//!   commit does that on a laptop, and kill -9 loses nothing of it.
//! - *"A migration can be mended after it ran."* The files that it ran on do not run it again. Write the next one.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use msf_store::Migration;
//! use msf_store::sqlite::{Database, Result};
//!
//! const MIGRATIONS: &[Migration] = &[Migration::new(1, "notes", "CREATE TABLE notes (text TEXT NOT NULL) STRICT")];
//!
//! let folder = tempfile::tempdir().unwrap();
//! let database = Database::open(folder.path().join("notes.db"), MIGRATIONS).unwrap();
//! let stored = database
//!     .write(|tx| -> Result<_> { Ok(tx.execute("INSERT INTO notes VALUES ('buy milk')", [])?) })
//!     .await;
//! assert_eq!(stored.unwrap(), 1);
//! # });
//! ```
#![deny(missing_docs)]

mod migrate;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use migrate::{Migration, MigrationError};
