//! A table of ours that a file does not have, because nobody added its migration.

use msf_store::sqlite::{Error, rusqlite};

/// The error, or the way out where it says that a table is missing: only one of ours can be meant.
pub(crate) fn explain(error: Error, way_out: impl FnOnce() -> String) -> Error {
    let is_missing =
        matches!(&error, Error::Sqlite(cause) if cause.to_string().contains("no such table"));
    if is_missing {
        return rusqlite::Error::ToSqlConversionFailure(way_out().into()).into();
    }
    error
}
