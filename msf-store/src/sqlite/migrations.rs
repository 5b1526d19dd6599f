//! Runs the migrations that a file has not seen, each in its own transaction.

use std::path::Path;
use std::time::SystemTime;

use msf_core::clock::Clock;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{Error, Result};
use super::guard::Guard;
use crate::{Migration, MigrationError};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS msf_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL -- milliseconds since 1970
) STRICT";

/// What the file says about one migration that ran.
struct Applied {
    version: u32,
    name: String,
    checksum: String,
}

/// Brings the file to the end of `migrations`. Of several processes that do this at once, one runs each.
pub(super) fn run(
    connection: &Connection,
    guard: &Guard,
    migrations: &[Migration],
    clock: &Clock,
) -> Result<()> {
    Migration::check_order(migrations)?;
    // A table that is made anew is dropped first, which would delete what refers to it; the check comes at the end.
    connection.pragma_update(None, "foreign_keys", false)?;
    let result = run_all(connection, guard, migrations, clock);
    connection.pragma_update(None, "foreign_keys", true)?;
    result
}

/// Whether a foreign key is checked as late as at COMMIT, where it cannot be told whose fault it is.
pub(super) fn has_deferred_keys(connection: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE sql LIKE '%INITIALLY%DEFERRED%')";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn run_all(
    connection: &Connection,
    guard: &Guard,
    migrations: &[Migration],
    clock: &Clock,
) -> Result<()> {
    loop {
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(connection, behavior)?;
        transaction.execute_batch(TABLE)?;
        let applied = applied(&transaction)?;
        let Some(next) = next(&applied, migrations)? else {
            return Ok(transaction.commit()?);
        };
        apply(&transaction, guard, next, clock).map_err(|source| MigrationError::Failed {
            version: next.version,
            name: next.name,
            source: source.into(),
        })?;
        transaction.commit()?;
        let path = connection.path().map(Path::new).and_then(Path::file_name);
        let file = path.unwrap_or_default().to_string_lossy();
        tracing::info!(
            file = &*file,
            version = next.version,
            name = next.name,
            "migrated"
        );
    }
}

fn applied(transaction: &Transaction<'_>) -> Result<Vec<Applied>> {
    let mut statement = transaction
        .prepare("SELECT version, name, checksum FROM msf_migrations ORDER BY version")?;
    let rows = statement.query_map([], |row| {
        Ok(Applied {
            version: row.get(0)?,
            name: row.get(1)?,
            checksum: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The first migration that has not run, once it is sure that all before it did and no other.
fn next<'a>(
    applied: &[Applied],
    migrations: &'a [Migration],
) -> Result<Option<&'a Migration>, MigrationError> {
    let mut recorded = applied.iter().peekable();
    let mut next: Option<&Migration> = None;
    for migration in migrations {
        let (version, name) = (migration.version, migration.name);
        match (recorded.next_if(|applied| applied.version == version), next) {
            (Some(_), Some(missing)) => {
                return Err(MigrationError::Missing {
                    version: missing.version,
                    name: missing.name,
                });
            }
            (Some(applied), None) if applied.checksum != migration.checksum() => {
                return Err(MigrationError::Changed { version, name });
            }
            (Some(_), None) => {}
            (None, _) => next = next.or(Some(migration)),
        }
    }
    match recorded.next() {
        Some(unknown) => Err(MigrationError::Unknown {
            version: unknown.version,
            name: unknown.name.clone(),
        }),
        None => Ok(next),
    }
}

fn apply(
    transaction: &Transaction<'_>,
    guard: &Guard,
    migration: &Migration,
    clock: &Clock,
) -> Result<()> {
    guard.during(|| transaction.execute_batch(migration.sql))?;
    let mut violations = transaction.prepare("PRAGMA foreign_key_check")?;
    if violations.exists([])? {
        return Err(Error::Sqlite(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY),
            Some("rows refer to rows that do not exist after it".to_owned()),
        )));
    }
    let since = clock
        .now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    transaction.execute(
        "INSERT INTO msf_migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
        (
            migration.version,
            migration.name,
            migration.checksum(),
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        ),
    )?;
    Ok(())
}
