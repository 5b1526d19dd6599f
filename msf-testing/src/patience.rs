//! How long a test waits for what it waits for.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// The longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ten seconds of real time. A timer of tokio would be over at once under a paused clock, as nothing else is due.
#[derive(Debug)]
pub(crate) struct Patience {
    over: oneshot::Receiver<()>,
    /// Ends the thread when it is dropped.
    _found: Sender<()>,
}

impl Patience {
    pub(crate) fn start() -> Self {
        Self::of(PATIENCE)
    }

    fn of(time: Duration) -> Self {
        let ((found, ended), (tell, over)) = (channel::<()>(), oneshot::channel());
        thread::spawn(move || {
            if ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                // Nobody may be waiting any more.
                let _ = tell.send(());
            }
        });
        Self {
            over,
            _found: found,
        }
    }

    /// What `work` gives, unless the time is over before.
    pub(crate) async fn until<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            _ = &mut self.over => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_ends_what_never_ends_and_nothing_else() {
        let mut patience = Patience::of(Duration::from_millis(50));
        assert_eq!(patience.until(async { 7 }).await, Some(7));
        assert_eq!(patience.until(std::future::pending::<()>()).await, None);
    }
}
