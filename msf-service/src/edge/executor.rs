//! Runs the tasks of HTTP/2 streams so that the server can wait for them.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio_util::task::TaskTracker;

use super::counts::Meters;

/// Spawns on the server's tracker, and counts what panics.
#[derive(Clone)]
pub(super) struct Tracked {
    tracker: TaskTracker,
    meters: Meters,
}

impl Tracked {
    pub(super) fn new(tracker: TaskTracker, meters: Meters) -> Self {
        Self { tracker, meters }
    }
}

impl<F> hyper::rt::Executor<F> for Tracked
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let meters = self.meters.clone();
        self.tracker.spawn(async move {
            if AssertUnwindSafe(stream).catch_unwind().await.is_err() {
                meters.panicked();
                tracing::error!("a stream's task panicked; its connection goes on");
            }
        });
    }
}
