//! The thread that hashes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;

use super::Params;
use super::job::Job;
use super::memory::Memory;
use super::queue::Queue;
use msf_core::error::Error;

/// Starts a thread that runs jobs until the queue is closed and empty. `alive` is dropped when its memory has been wiped.
pub(super) fn start(
    number: usize,
    queue: Arc<Queue<Job>>,
    params: Params,
    alive: mpsc::Sender<()>,
) -> Result<(), Error> {
    let mut memory = Memory::kept_for(params)?;
    thread::Builder::new()
        .name(format!("password-{number}"))
        .spawn(move || {
            while let Some(job) = queue.pop() {
                // A thread that ended would be missed by every later login. The caller of this job sees an error.
                if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
                    tracing::error!("a password hash panicked");
                }
            }
            drop(memory);
            drop(alive);
        })
        .map_err(Error::internal)?;
    Ok(())
}
