//! A job on its way: queued, claimed by a thread or given up by its caller, run, answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use msf_core::context::Deadline;
use rusqlite::Transaction;
use tokio::sync::oneshot;

use super::caller::Caller;
use super::error::Error;
use super::stopwatch::Stopwatch;

/// A job of whatever result, as the threads see it.
pub(super) type AnyJob = Box<dyn Job>;

/// What a thread does with a job, in this order: claim, run, answer.
pub(super) trait Job: Send {
    /// Takes the job from its caller. False when the caller gave it up: then it must not run.
    fn claim(&self) -> bool;

    /// Whether the caller's deadline has passed.
    fn is_late(&self) -> bool;

    /// How long it has been waiting.
    fn waited(&self) -> Duration;

    /// Runs it. False when what it wrote has to be undone.
    fn run(&mut self, transaction: &Transaction<'_>) -> bool;

    /// Whether it ran and failed by itself, which is what its caller is to be told.
    fn has_failed(&self) -> bool;

    /// Tells the caller: what the job returned, or the `error` that became of it.
    fn answer(self: Box<Self>, error: Option<Error>, receipt: Receipt);
}

/// What a caller is told beside the result.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Receipt {
    /// How long the job waited before it began.
    pub(super) waited: Duration,
    /// How many jobs shared the transaction and how long its COMMIT took: told to one of them.
    pub(super) batch: Option<(usize, Duration)>,
}

/// The end of a job.
pub(super) struct Answer<T, E> {
    pub(super) result: Result<T, E>,
    pub(super) outcome: &'static str,
    pub(super) receipt: Receipt,
}

/// The caller's half of a job. Dropped before the job began, it gives the job up.
pub(super) struct Ticket<T, E> {
    pub(super) answer: oneshot::Receiver<Answer<T, E>>,
    claimed: Arc<AtomicBool>,
}

struct Work<T, E, F> {
    job: Option<F>,
    result: Option<Result<T, E>>,
    panicked: bool,
    caller: Option<Caller>,
    /// What was left of the caller's deadline when it began to wait.
    left: Option<Duration>,
    queued: Stopwatch,
    claimed: Arc<AtomicBool>,
    sender: oneshot::Sender<Answer<T, E>>,
}

/// Makes a job and its caller's half.
pub(super) fn job<T, E, F>(caller: Caller, run: F) -> (AnyJob, Ticket<T, E>)
where
    F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (sender, answer) = oneshot::channel();
    let claimed = Arc::new(AtomicBool::new(false));
    let work = Work {
        job: Some(run),
        result: None,
        panicked: false,
        left: caller.deadline().map(Deadline::remaining),
        caller: Some(caller),
        queued: Stopwatch::start(),
        claimed: Arc::clone(&claimed),
        sender,
    };
    (Box::new(work), Ticket { answer, claimed })
}

/// Runs what belongs to the user, whose panic must not end the thread; `None` when it panicked.
pub(super) fn contained<R>(work: impl FnOnce() -> R) -> Option<R> {
    // What a panic may have left half done is undone by the savepoint; all else is the user's own.
    catch_unwind(AssertUnwindSafe(work)).ok()
}

impl<T, E> Ticket<T, E> {
    /// Gives the job up. False when it has begun: then its answer will come.
    pub(super) fn withdraw(&self) -> bool {
        !self.claimed.swap(true, Ordering::AcqRel)
    }
}

impl<T, E> Drop for Ticket<T, E> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

impl<T, E, F> Job for Work<T, E, F>
where
    F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::AcqRel)
    }

    fn is_late(&self) -> bool {
        self.left.is_some_and(|left| self.waited() >= left)
    }

    fn waited(&self) -> Duration {
        self.queued.elapsed()
    }

    fn run(&mut self, transaction: &Transaction<'_>) -> bool {
        let (Some(job), Some(caller)) = (self.job.take(), self.caller.take()) else {
            return false;
        };
        let result = &mut self.result;
        contained(|| caller.scope(|| *result = Some(job(transaction))));
        self.panicked = self.result.is_none();
        matches!(self.result, Some(Ok(_)))
    }

    fn has_failed(&self) -> bool {
        self.panicked || matches!(self.result, Some(Err(_)))
    }

    fn answer(self: Box<Self>, error: Option<Error>, receipt: Receipt) {
        let (result, outcome) = match (error, self.result) {
            (Some(error), _) => {
                let outcome = error.outcome();
                (Err(error.into()), outcome)
            }
            (None, Some(Ok(value))) => (Ok(value), "ok"),
            (None, Some(Err(error))) => (Err(error), "failed"),
            (None, None) => (Err(Error::Panicked.into()), Error::Panicked.outcome()),
        };
        // A caller that is gone wants no answer.
        let _ = self.sender.send(Answer {
            result,
            outcome,
            receipt,
        });
    }
}
