//! What can go wrong between a service and its file, sorted by what can be done about it.

use std::fmt;
use std::path::PathBuf;

use msf_core::BoxError;
use msf_core::error::{Error as CoreError, Kind};
use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::MigrationError;

/// What the functions of this module return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not stored or read.
///
/// Any error of a write means that nothing of that write is stored; the exception is told with [`Error::Closed`].
///
/// As an error of a service ([`msf_core::error::Error`]) what passes by itself is `unavailable` (503, UNAVAILABLE), a
/// deadline is `deadline_exceeded`, and the rest is `internal`.
///
/// ```
/// use msf_store::sqlite::{Error, rusqlite};
///
/// let lookup = rusqlite::Connection::open_in_memory().unwrap().query_row("SELECT 1 WHERE 0", [], |row| row.get::<_, i64>(0));
/// assert!(matches!(lookup.map_err(Error::from), Err(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Another connection held the lock for writing for the whole busy timeout. Try again.
    Busy,
    /// There is no room for more. What is stored is still there and can be read; writes work again when there is room.
    DiskFull,
    /// The database is closed: the service is stopping. Of a write whose job had begun when the engine failed it is not
    /// known whether it is stored.
    Closed,
    /// The deadline of the request passed before the job began.
    DeadlineExceeded,
    /// SQLite rolled back the transaction that this job shared with others.
    RolledBack,
    /// The job panicked. The panic's message is in the log.
    Panicked,
    /// The disk failed, or refused for another reason than want of room: a quota, a limit of the process.
    Disk(rusqlite::Error),
    /// The file is damaged, or is no database.
    Corrupt(rusqlite::Error),
    /// The schema is not what this program expects and cannot be brought to it.
    Migration(MigrationError),
    /// The file cannot be opened, for the reason that is the source.
    Open {
        /// The file.
        path: PathBuf,
        /// What is wrong with it: an [`Error`] of this type, an I/O error or a text.
        source: BoxError,
    },
    /// A statement failed: a constraint, a mistake in the SQL, a value of another type.
    Sqlite(rusqlite::Error),
}

impl Error {
    /// Whether a row with this key exists already.
    ///
    /// ```
    /// use msf_store::sqlite::{Error, rusqlite::Connection};
    ///
    /// let connection = Connection::open_in_memory().unwrap();
    /// connection.execute_batch("CREATE TABLE t (id TEXT PRIMARY KEY); INSERT INTO t VALUES ('a')").unwrap();
    /// let error = Error::from(connection.execute("INSERT INTO t VALUES ('a')", []).unwrap_err());
    /// assert!(error.is_unique_violation());
    /// ```
    pub fn is_unique_violation(&self) -> bool {
        matches!(
            self.extended_code(),
            Some(
                ffi::SQLITE_CONSTRAINT_UNIQUE
                    | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                    | ffi::SQLITE_CONSTRAINT_ROWID
            )
        )
    }

    /// Whether a row refers to one that does not exist.
    pub fn is_foreign_key_violation(&self) -> bool {
        self.extended_code() == Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
    }

    /// The label `outcome` of a job that ended with it.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::DiskFull => "disk_full",
            Self::Closed => "closed",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::RolledBack => "rolled_back",
            Self::Panicked => "panicked",
            Self::Disk(_) => "disk",
            Self::Corrupt(_) => "corrupt",
            Self::Migration(_) | Self::Open { .. } | Self::Sqlite(_) => "error",
        }
    }

    /// The same once more: what fails a transaction is told to each job of it.
    pub(super) fn duplicate(&self) -> Self {
        match self {
            Self::Busy => Self::Busy,
            Self::DiskFull => Self::DiskFull,
            Self::Closed => Self::Closed,
            Self::DeadlineExceeded => Self::DeadlineExceeded,
            Self::Panicked => Self::Panicked,
            Self::Disk(rusqlite::Error::SqliteFailure(code, text)) => {
                Self::Disk(rusqlite::Error::SqliteFailure(*code, text.clone()))
            }
            Self::Corrupt(rusqlite::Error::SqliteFailure(code, text)) => {
                Self::Corrupt(rusqlite::Error::SqliteFailure(*code, text.clone()))
            }
            Self::Sqlite(rusqlite::Error::SqliteFailure(code, text)) => {
                Self::Sqlite(rusqlite::Error::SqliteFailure(*code, text.clone()))
            }
            Self::RolledBack
            | Self::Disk(_)
            | Self::Corrupt(_)
            | Self::Migration(_)
            | Self::Open { .. }
            | Self::Sqlite(_) => Self::RolledBack,
        }
    }

    fn extended_code(&self) -> Option<i32> {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => Some(error.extended_code),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error),
            _ => Self::Sqlite(error),
        }
    }
}

impl From<MigrationError> for Error {
    fn from(error: MigrationError) -> Self {
        Self::Migration(error)
    }
}

impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Busy | Error::DiskFull | Error::Disk(_) | Error::Closed | Error::RolledBack => {
                Kind::Unavailable
            }
            Error::DeadlineExceeded => Kind::DeadlineExceeded,
            _ => Kind::Internal,
        };
        Self::of(kind).with_source(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str(
                "the database is busy: another connection held its write lock for the whole busy timeout; look for a \
                 process with a long transaction on this file",
            ),
            Self::DiskFull => f.write_str(
                "the database or its disk is full: nothing of this write is stored; make room, and writes work again \
                 without a restart",
            ),
            Self::Closed => f.write_str("the database is closed: the service is stopping"),
            Self::DeadlineExceeded => {
                f.write_str("the deadline of the request passed before its turn at the database came")
            }
            Self::RolledBack => f.write_str(
                "the shared transaction was rolled back and nothing of this write is stored: a job of the same \
                 transaction filled the disk, met an I/O error or said OR ROLLBACK; try again",
            ),
            Self::Panicked => f.write_str(
                "the job panicked and nothing of it is stored; the panic's message is in the log",
            ),
            Self::Disk(_) => f.write_str(
                "the disk failed or refused: nothing of this write is stored; look for a quota or a limit of the process, \
                 and at the log of the system",
            ),
            Self::Corrupt(_) => f.write_str(
                "the file is damaged or is no SQLite database: stop the service and restore a backup",
            ),
            Self::Migration(_) => f.write_str("the schema cannot be migrated"),
            Self::Open { path, .. } => write!(f, "cannot open the database {}", path.display()),
            Self::Sqlite(error)
                if error.sqlite_error_code() == Some(ErrorCode::AuthorizationForStatementDenied) =>
            {
                f.write_str(
                    "a statement is not allowed in a job: a job shares its transaction and its connection with others, \
                     so it may not begin or end a transaction, attach a file or change how the connection works",
                )
            }
            Self::Sqlite(_) => f.write_str("a statement failed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(source) | Self::Corrupt(source) | Self::Sqlite(source) => Some(source),
            Self::Migration(source) => Some(source),
            Self::Open { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(code: i32) -> Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("why".to_owned())).into()
    }

    #[test]
    fn what_sqlite_says_is_sorted_by_what_can_be_done_and_told_to_each_the_same() {
        for (code, outcome, kind) in [
            (ffi::SQLITE_BUSY, "busy", Kind::Unavailable),
            (ffi::SQLITE_BUSY_SNAPSHOT, "busy", Kind::Unavailable),
            (ffi::SQLITE_LOCKED, "busy", Kind::Unavailable),
            (ffi::SQLITE_FULL, "disk_full", Kind::Unavailable),
            (ffi::SQLITE_IOERR_FSYNC, "disk", Kind::Unavailable),
            (ffi::SQLITE_CORRUPT_INDEX, "corrupt", Kind::Internal),
            (ffi::SQLITE_NOTADB, "corrupt", Kind::Internal),
            (ffi::SQLITE_CONSTRAINT_CHECK, "error", Kind::Internal),
        ] {
            let error = sqlite(code);
            assert_eq!(error.outcome(), outcome, "{code}");
            let again = error.duplicate();
            assert_eq!(format!("{again:?}"), format!("{error:?}"), "{code}");
            assert_eq!(CoreError::from(again).kind(), kind, "{code}");
        }
        for error in [
            Error::Closed,
            Error::RolledBack,
            Error::DeadlineExceeded,
            Error::Panicked,
        ] {
            assert_eq!(format!("{:?}", error.duplicate()), format!("{error:?}"));
        }
    }

    #[test]
    fn no_answer_to_a_caller_says_what_sqlite_said() {
        let error = CoreError::from(sqlite(ffi::SQLITE_CONSTRAINT_CHECK));
        assert_eq!(error.to_string(), "internal error (internal)");
        let log = msf_core::error::chain(&error);
        assert!(log.contains("a statement failed: why"), "{log}");
    }

    #[test]
    fn a_row_that_is_there_and_one_that_is_not_are_told_apart() {
        for code in [
            ffi::SQLITE_CONSTRAINT_UNIQUE,
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
            ffi::SQLITE_CONSTRAINT_ROWID,
        ] {
            assert!(sqlite(code).is_unique_violation() && !sqlite(code).is_foreign_key_violation());
        }
        let orphan = sqlite(ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        assert!(orphan.is_foreign_key_violation() && !orphan.is_unique_violation());
        assert!(!sqlite(ffi::SQLITE_CONSTRAINT_NOTNULL).is_unique_violation());
    }
}
