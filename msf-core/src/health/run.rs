//! Runs one check for all who ask at the same time, and keeps its result for a moment.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::check::Check;
use super::report::CheckReport;
use crate::BoxError;

/// The longest message of a failed check that is kept, in characters.
const MAX_MESSAGE: usize = 300;

/// A check, the run of it that is under way, and its last result.
pub(super) struct Slot {
    check: Check,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    last: Option<Outcome>,
    running: Option<Run>,
}

/// A run that is under way.
#[derive(Clone)]
struct Run {
    deadline: Instant,
    outcome: watch::Receiver<Option<Outcome>>,
}

#[derive(Clone)]
struct Outcome {
    ended: Instant,
    took: Duration,
    failure: Option<Arc<str>>,
}

impl Slot {
    pub(super) fn new(check: Check) -> Self {
        Self {
            check,
            progress: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.check.name
    }

    /// The result of a run that is under way, of a new one, or the last result if it is still good.
    pub(super) async fn report(self: &Arc<Self>) -> CheckReport {
        let outcome = match self.last_or_run() {
            Ok(last) => last,
            Err(run) => self.wait(run).await,
        };
        CheckReport::new(
            &self.check.name,
            self.check.required,
            outcome.took,
            outcome.failure.as_deref(),
        )
    }

    fn last_or_run(self: &Arc<Self>) -> Result<Outcome, Run> {
        let mut progress = self.progress();
        if let Some(last) = &progress.last
            && last.ended.elapsed() < self.check.cache
        {
            return Ok(last.clone());
        }
        // A run whose sender is gone went down with its runtime, and will never tell.
        if let Some(run) = &progress.running
            && run.outcome.has_changed().is_ok()
        {
            return Err(run.clone());
        }
        let run = self.start();
        progress.running = Some(run.clone());
        Err(run)
    }

    /// Starts a run in a task of its own, so that it outlives the report that wanted it and its panic ends nobody.
    fn start(self: &Arc<Self>) -> Run {
        let (sender, outcome) = watch::channel(None);
        let started = Instant::now();
        let deadline = started + self.check.timeout;
        let slot = Arc::clone(self);
        tokio::spawn(async move {
            let ask = AssertUnwindSafe(async { (slot.check.ask)().await }).catch_unwind();
            let failure = match timeout_at(deadline, ask).await {
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(error))) => Some(message(&error)),
                Ok(Err(panic)) => Some(panic_message(&*panic)),
                Err(_) => Some(slot.timed_out()),
            };
            let ended = Instant::now();
            let outcome = Outcome {
                ended,
                took: ended - started,
                failure,
            };
            slot.finish(outcome.clone());
            sender.send_replace(Some(outcome));
        });
        Run { deadline, outcome }
    }

    fn finish(&self, outcome: Outcome) {
        let mut progress = self.progress();
        let failed_before = progress
            .last
            .as_ref()
            .is_some_and(|last| last.failure.is_some());
        match &outcome.failure {
            Some(error) if !failed_before => {
                tracing::warn!(check = self.name(), required = self.check.required, %error, "check failed");
            }
            None if failed_before => tracing::info!(check = self.name(), "check recovered"),
            _ => {}
        }
        *progress = Progress {
            last: Some(outcome),
            running: None,
        };
    }

    /// Waits for the end of `run`; not longer than its deadline, because a check that blocks its thread also blocks the
    /// timer of its task.
    async fn wait(&self, mut run: Run) -> Outcome {
        let failure = match timeout_at(run.deadline, run.outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => match &*outcome {
                Some(outcome) => return outcome.clone(),
                None => "ended without a result".into(),
            },
            Ok(Err(_)) => "ended without a result".into(),
            Err(_) => self.timed_out(),
        };
        Outcome {
            ended: Instant::now(),
            took: self.check.timeout,
            failure: Some(failure),
        }
    }

    fn timed_out(&self) -> Arc<str> {
        format!("no answer within {:?}", self.check.timeout).into()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error and what caused it, on one line.
fn message(error: &BoxError) -> Arc<str> {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    shorten(&text)
}

fn panic_message(panic: &(dyn Any + Send)) -> Arc<str> {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    shorten(&format!("panicked: {}", text.unwrap_or("no message")))
}

fn shorten(text: &str) -> Arc<str> {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}...", &text[..end]).into(),
        None => text.into(),
    }
}
