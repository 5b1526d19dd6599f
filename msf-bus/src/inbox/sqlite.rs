//! The inbox in a service's own SQLite file.

use std::time::Duration;

use msf_store::sqlite::{Result, Transaction, rusqlite};

use crate::{Receipt, millis, missing};

/// The table of the inbox: put it at the end of the migrations of the file that the effects are in.
///
/// ```
/// use msf_store::Migration;
/// const MIGRATIONS: &[Migration] = &[
///     Migration::new(1, "mails", "CREATE TABLE mails (id TEXT PRIMARY KEY) STRICT"),
///     Migration::new(2, "inbox", msf_bus::inbox::INBOX_SCHEMA),
/// ];
/// # let _ = MIGRATIONS;
/// ```
pub const INBOX_SCHEMA: &str = "CREATE TABLE msf_inbox (
  subscription TEXT NOT NULL,
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL, -- milliseconds since 1970
  PRIMARY KEY (subscription, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX msf_inbox_by_time ON msf_inbox (at);";

/// How long a receipt is kept. Longer than any event is under way, and than all retries take.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// Runs `effect` in this transaction unless the delivery had its effect before; `None` where it had.
///
/// The receipt is stored with the effect or not at all. Receipts are kept for 14 days.
///
/// ```
/// # use msf_store::{Migration, sqlite::{Database, Error, Result}};
/// # use msf_bus::{EventId, Receipt, inbox};
/// # const MIGRATIONS: &[Migration] = &[
/// #     Migration::new(1, "mails", "CREATE TABLE mails (id TEXT PRIMARY KEY) STRICT"),
/// #     Migration::new(2, "inbox", inbox::INBOX_SCHEMA),
/// # ];
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let database = Database::open(folder.path().join("mail.db"), MIGRATIONS).unwrap();
/// # let receipt = Receipt::new("email-service.welcome", EventId::random(), std::time::SystemTime::UNIX_EPOCH);
/// // In a handler: let receipt = delivery.receipt();
/// let stored: Result<_> = database
///     .write(move |tx| {
///         inbox::once(tx, &receipt, |tx| -> Result<_> {
///             Ok(tx.execute("INSERT INTO mails VALUES (?1)", [receipt.id().to_string()])?)
///         })
///     })
///     .await;
/// assert_eq!(stored.unwrap(), Some(1));
/// # });
/// ```
///
/// # Errors
///
/// What `effect` returns, or what the file says. Return it from the job, so that nothing of the job is stored.
pub fn once<T, E>(
    transaction: &Transaction<'_>,
    receipt: &Receipt,
    effect: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<Option<T>, E>
where
    E: From<msf_store::sqlite::Error>,
{
    let recorded = record(transaction, receipt).map_err(|error| {
        missing::explain(error.into(), || {
            "the file has no inbox: put `Migration::new(N, \"inbox\", INBOX_SCHEMA)` at the end of its migrations"
                .to_owned()
        })
    })?;
    if !recorded {
        receipt.mark_repeated();
        return Ok(None);
    }
    effect(transaction).map(Some)
}

/// Records the receipt; false when it is there.
fn record(transaction: &Transaction<'_>, receipt: &Receipt) -> rusqlite::Result<bool> {
    // Two for each that comes: a table that was large becomes small again, and no delivery pays for all.
    let expired = receipt.at().checked_sub(KEPT).map_or(0, millis::of);
    transaction
        .prepare_cached(
            "DELETE FROM msf_inbox WHERE (subscription, event_id) IN
               (SELECT subscription, event_id FROM msf_inbox WHERE at < ?1 ORDER BY at LIMIT 2)",
        )?
        .execute([expired])?;
    let recorded = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO msf_inbox (subscription, event_id, at) VALUES (?1, ?2, ?3)",
        )?
        .execute((
            receipt.subscription(),
            receipt.id().to_string(),
            millis::of(receipt.at()),
        ))?;
    Ok(recorded == 1)
}
