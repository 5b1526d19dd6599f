//! The threads that read, each with a connection that cannot write.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{Error, Result};
use super::guard::Guard;
use super::job::{AnyJob, Receipt};
use super::queue::Queue;
use super::writer::{answer, claimed};

/// A connection that reads, and the queue that it works off together with the other readers.
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) guard: Guard,
    pub(super) queue: Arc<Queue<AnyJob>>,
}

impl Reader {
    /// Works until the queue is closed and empty.
    pub(super) fn run(&self) {
        while let Some(job) = self.queue.wait(Duration::ZERO) {
            if let Some(mut job) = claimed(job) {
                let waited = job.waited();
                let error = self.read(&mut job).err();
                let error = error.filter(|_| !job.has_failed());
                answer(
                    job,
                    error,
                    Receipt {
                        waited,
                        batch: None,
                    },
                );
            }
        }
    }

    fn read(&self, job: &mut AnyJob) -> Result<()> {
        // One transaction, so that all statements of the job see the same state.
        let behavior = TransactionBehavior::Deferred;
        let transaction = Transaction::new_unchecked(&self.connection, behavior)?;
        self.guard.during(|| job.run(&transaction));
        transaction.rollback().map_err(Error::from)
    }
}
