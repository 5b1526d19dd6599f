//! Keeps a job from reaching beyond itself: into the shared transaction, or into the settings of the connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::error::Result;

/// The savepoint of a job.
const SAVEPOINT: &str = "msf_job";

/// Settings of a connection that would outlive the job which changed them. Reading them is allowed.
const SETTINGS: &[&str] = &[
    "busy_timeout",
    "case_sensitive_like",
    "cell_size_check",
    "checkpoint_fullfsync",
    "defer_foreign_keys",
    "foreign_keys",
    "fullfsync",
    "ignore_check_constraints",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "synchronous",
    "temp_store",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
];

/// Decides what a statement may do, by who prepares it: the engine or a job.
pub(super) struct Guard {
    in_job: Arc<AtomicBool>,
}

impl Guard {
    pub(super) fn install(connection: &mut Connection) -> Result<Self> {
        let in_job = Arc::new(AtomicBool::new(false));
        let guarded = Arc::clone(&in_job);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if guarded.load(Ordering::Relaxed) && reaches_beyond(&context.action) {
                Authorization::Deny
            } else {
                Authorization::Allow
            }
        }))?;
        Ok(Self { in_job })
    }

    /// Runs what belongs to a job. `work` must not unwind.
    pub(super) fn during<R>(&self, work: impl FnOnce() -> R) -> R {
        self.in_job.store(true, Ordering::Relaxed);
        let result = work();
        self.in_job.store(false, Ordering::Relaxed);
        result
    }
}

fn reaches_beyond(action: &AuthAction<'_>) -> bool {
    match action {
        AuthAction::Transaction { .. } | AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
            true
        }
        AuthAction::Savepoint { savepoint_name, .. } => {
            savepoint_name.eq_ignore_ascii_case(SAVEPOINT)
        }
        AuthAction::Pragma {
            pragma_name,
            pragma_value: Some(_),
        } => SETTINGS
            .iter()
            .any(|name| name.eq_ignore_ascii_case(pragma_name)),
        _ => false,
    }
}
