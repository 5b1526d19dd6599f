//! Connections, and the settings that the promises of the engine rest on.

use std::fs::{DirBuilder, OpenOptions};
use std::path::Path;
use std::thread;
use std::time::Duration;

use msf_core::BoxError;
use rusqlite::{Connection, OpenFlags};

use super::error::{Error, Result};
use super::options::Options;
use super::stopwatch::Stopwatch;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 128;
/// What the write-ahead log is cut back to after a large transaction, in bytes.
const LOG_SIZE: i64 = 64 * 1024 * 1024;
/// How long to wait before a lock is tried again.
const PAUSE: Duration = Duration::from_millis(1);

/// Opens the file for writing; makes it, for its owner only, where it is not there.
pub(super) fn writer(path: &Path, options: &Options) -> Result<Connection, BoxError> {
    create(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(Error::from)?;
    prepare(&connection, options)?;
    patiently(options.busy_timeout, || {
        Ok(connection.pragma_update(None, "journal_mode", "WAL")?)
    })?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(Error::from)?;
    connection
        .pragma_update(None, "journal_size_limit", LOG_SIZE)
        .map_err(Error::from)?;
    if let Some(pages) = options.max_pages {
        connection
            .pragma_update(None, "max_page_count", pages)
            .map_err(Error::from)?;
    }
    expect(&connection, "journal_mode", "wal")?;
    expect(&connection, "synchronous", "2")?;
    Ok(connection)
}

/// Opens the file for reading only. It must be there.
pub(super) fn reader(path: &Path, options: &Options) -> Result<Connection, BoxError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(Error::from)?;
    prepare(&connection, options)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(Error::from)?;
    expect(&connection, "query_only", "1")?;
    Ok(connection)
}

/// Tries again while another connection holds a lock that SQLite itself does not wait for.
pub(super) fn patiently<T>(timeout: Duration, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let begun = Stopwatch::start();
    loop {
        match attempt() {
            Err(Error::Busy) if begun.elapsed() < timeout => thread::park_timeout(PAUSE),
            result => return result,
        }
    }
}

fn create(path: &Path) -> Result<(), BoxError> {
    if path == ":memory:" || path.as_os_str().is_empty() {
        let text = "a database in memory has one connection and loses everything: take a file in a temporary folder";
        return Err(text.into());
    }
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut file = OpenOptions::new();
    file.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path)?;
    Ok(())
}

fn prepare(connection: &Connection, options: &Options) -> Result<(), BoxError> {
    let millis = i64::try_from(options.busy_timeout.as_millis()).unwrap_or(i64::MAX);
    connection
        .busy_timeout(options.busy_timeout)
        .map_err(Error::from)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection
        .pragma_update(None, "foreign_keys", true)
        .map_err(Error::from)?;
    connection
        .pragma_update(None, "trusted_schema", false)
        .map_err(Error::from)?;
    // What a savepoint sets aside must not need a disk that may be full.
    connection
        .pragma_update(None, "temp_store", "MEMORY")
        .map_err(Error::from)?;
    expect(connection, "foreign_keys", "1")?;
    expect(connection, "busy_timeout", &millis.to_string())
}

/// Reads a setting back: SQLite takes one that it cannot have without a word.
fn expect(connection: &Connection, name: &str, wanted: &str) -> Result<(), BoxError> {
    let found: rusqlite::types::Value = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(Error::from)?;
    let found = match found {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if found == wanted {
        return Ok(());
    }
    Err(format!(
        "SQLite answers {name}={found} where {wanted} was set: the file has to lie on a local disk, where memory can be \
         shared between processes"
    )
    .into())
}
