//! The one thread that writes: group commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::connection::patiently;
use super::error::{Error, Result};
use super::guard::Guard;
use super::job::{AnyJob, Receipt, contained};
use super::queue::Queue;
use super::stopwatch::Stopwatch;

/// About the time that waking this thread takes: callers that are told write again at once.
const LINGER: Duration = Duration::from_micros(50);

const SET: &str = "SAVEPOINT msf_job";
const UNDO: &str = "ROLLBACK TO msf_job";
const RELEASE: &str = "RELEASE msf_job";

/// The connection that writes, and the queue that it works off.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) guard: Guard,
    pub(super) queue: Arc<Queue<AnyJob>>,
    pub(super) batch: usize,
    pub(super) batch_time: Duration,
    pub(super) busy_timeout: Duration,
    pub(super) ailing: Arc<AtomicBool>,
}

/// A job that ran, and how long it had waited.
type Done = (AnyJob, Duration);

impl Writer {
    /// Works until the queue is closed and empty.
    pub(super) fn run(&self) {
        while let Some(job) = self.queue.wait(LINGER) {
            if let Some(first) = claimed(job) {
                self.transaction(first);
            }
        }
    }

    /// Runs `first` and those that wait behind it in one transaction, and answers them once it has ended.
    fn transaction(&self, first: AnyJob) {
        let transaction = match self.begin() {
            Ok(transaction) => transaction,
            Err(error) => return self.refuse(first, &error),
        };
        let mut since_first = None;
        let mut done: Vec<Done> = Vec::new();
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            let waited = job.waited();
            let kept = self.savepoint(&transaction, &mut job);
            done.push((job, waited));
            if let Err(error) = kept {
                drop(transaction);
                self.ailing.store(true, Ordering::Relaxed);
                return lost(done, &error);
            }
            let since = since_first.get_or_insert_with(Stopwatch::start);
            if done.len() < self.batch && since.elapsed() < self.batch_time {
                next = self.next(|_| true);
            }
        }
        let commit = Stopwatch::start();
        let error = transaction.commit().err().map(Error::from);
        if error.is_some() {
            self.ailing.store(true, Ordering::Relaxed);
        }
        let (size, took) = (done.len(), commit.elapsed());
        for (index, (job, waited)) in done.into_iter().enumerate() {
            let batch = (index == 0).then_some((size, took));
            let error = error.as_ref().map(Error::duplicate);
            answer(job, error, Receipt { waited, batch });
        }
    }

    fn begin(&self) -> Result<Transaction<'_>> {
        // SQLite's own waiting sleeps up to 100 ms at a time, and misses the moment in which another process that writes
        // all the time lets go of the lock.
        self.connection.busy_timeout(Duration::ZERO)?;
        let begun = patiently(self.busy_timeout, || {
            let behavior = TransactionBehavior::Immediate;
            Ok(Transaction::new_unchecked(&self.connection, behavior)?)
        });
        self.connection.busy_timeout(self.busy_timeout)?;
        begun
    }

    /// Runs a job. An error means that the transaction is over, or has to be.
    fn savepoint(&self, transaction: &Transaction<'_>, job: &mut AnyJob) -> Result<()> {
        execute(transaction, SET)?;
        let keep = self.guard.during(|| job.run(transaction));
        if transaction.is_autocommit() {
            return Err(Error::RolledBack);
        }
        if !keep {
            execute(transaction, UNDO)?;
        }
        execute(transaction, RELEASE)
    }

    /// The first of the queue that its caller still wants, as long as the queue begins with a `wanted` one.
    fn next(&self, wanted: impl Fn(&AnyJob) -> bool) -> Option<AnyJob> {
        loop {
            let job = self.queue.take_if(&wanted)?;
            if let Some(job) = claimed(job) {
                return Some(job);
            }
        }
    }

    /// Refuses `first`, and those that have waited as long for the lock.
    fn refuse(&self, first: AnyJob, error: &Error) {
        let mut next = Some(first);
        while let Some(job) = next {
            let waited = job.waited();
            let receipt = Receipt {
                waited,
                batch: None,
            };
            answer(job, Some(error.duplicate()), receipt);
            next = self.next(|job| job.waited() >= self.busy_timeout);
        }
    }
}

/// The job, unless its caller has given it up or has no time left.
pub(super) fn claimed(job: AnyJob) -> Option<AnyJob> {
    if !job.claim() {
        contained(|| drop(job));
        return None;
    }
    if job.is_late() {
        let receipt = Receipt {
            waited: job.waited(),
            batch: None,
        };
        answer(job, Some(Error::DeadlineExceeded), receipt);
        return None;
    }
    Some(job)
}

pub(super) fn answer(job: AnyJob, error: Option<Error>, receipt: Receipt) {
    contained(|| job.answer(error, receipt));
}

/// Answers the jobs of a transaction that was rolled back under the last of them.
fn lost(done: Vec<Done>, error: &Error) {
    let last = done.len() - 1;
    for (index, (job, waited)) in done.into_iter().enumerate() {
        // The last one may know better why; what the others say may rest on rows that are no more.
        let error = (index < last || !job.has_failed()).then(|| error.duplicate());
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

fn execute(transaction: &Transaction<'_>, sql: &str) -> Result<()> {
    transaction.prepare_cached(sql)?.execute([])?;
    Ok(())
}
