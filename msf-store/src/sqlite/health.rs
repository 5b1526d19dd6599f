//! Whether a database can be written to.

use std::sync::atomic::Ordering;
use std::time::Duration;

use msf_core::BoxError;
use msf_core::health::Check;
use rusqlite::Transaction;
use tokio::time::timeout;

use super::database::{Database, submit};
use super::error::Result;

/// Shorter than the time of a check, so that the text is ours.
const PATIENCE: Duration = Duration::from_millis(800);

pub(super) fn check(database: &Database) -> Check {
    let (name, database) = (database.name().to_owned(), database.clone());
    Check::new(name, move || {
        let database = database.clone();
        async move { ask(&database).await }
    })
}

/// Goes the way of a write: through the queue, to the thread, under the lock of the file; after a failure to the disk.
async fn ask(database: &Database) -> Result<(), BoxError> {
    let engine = database.engine();
    let ailing = engine.ailing.load(Ordering::Relaxed);
    let probe = submit(&engine.writes, if ailing { store } else { look });
    let result = match timeout(PATIENCE, probe).await {
        Ok((result, _, _)) => result.map_err(BoxError::from),
        Err(_) => Err(format!(
            "no write was answered within {PATIENCE:?}, {} wait: look for a process with a long transaction on {}, or a slow \
             disk",
            engine.writes.len(),
            database.path().display()
        )
        .into()),
    };
    if ailing && result.is_ok() {
        engine.ailing.store(false, Ordering::Relaxed);
    }
    result
}

fn look(transaction: &Transaction<'_>) -> Result<()> {
    Ok(transaction.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(()))?)
}

/// Writes the first page anew, as it is.
fn store(transaction: &Transaction<'_>) -> Result<()> {
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(transaction.pragma_update(None, "user_version", version)?)
}
