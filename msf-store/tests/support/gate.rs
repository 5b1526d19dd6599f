//! Holds the thread that writes, so that what comes behind has to wait in the queue.

use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};

use msf_store::sqlite::{Database, Result};

use super::poll;

/// A job in the hands of the writer, which cannot go on until this is opened.
pub(crate) struct Gate<'a> {
    job: Pin<Box<dyn Future<Output = Result<()>> + 'a>>,
    open: Sender<()>,
}

/// Returns once the writer is held.
pub(crate) async fn hold(database: &Database) -> Gate<'_> {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (open, opened) = channel();
    let mut job = Box::pin(database.write(move |_| {
        begun.send(()).unwrap();
        // The sender may be gone, as after a failed assertion.
        let _ = opened.recv();
        Ok(())
    }));
    assert!(poll(&mut job.as_mut()).await.is_pending());
    has_begun.await.unwrap();
    Gate { job, open }
}

impl Gate<'_> {
    /// Lets the writer go on, and waits until it has answered.
    pub(crate) async fn open(self) {
        self.open_to_any_end().await.unwrap();
    }

    /// The same where the transaction may fail.
    pub(crate) async fn open_to_any_end(self) -> Result<()> {
        self.open.send(()).unwrap();
        self.job.await
    }
}
