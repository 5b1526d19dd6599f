//! Sets up the pool.

use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;
use std::time::Duration;

use msf_core::error::Error;
use tokio::sync::mpsc;

use super::pool::Shared;
use super::queue::Queue;
use super::{Params, PasswordHash, PasswordPool, worker};

/// Sets up a [`PasswordPool`].
///
/// ```
/// use msf_auth::password::{Params, PasswordPool};
/// use std::time::Duration;
///
/// let pool = PasswordPool::builder(Params::default())
///     .threads(2)
///     .queue(64)
///     .longest_wait(Duration::from_secs(1))
///     .build()
///     .unwrap();
/// assert_eq!(pool.threads(), 2);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct PasswordPoolBuilder {
    params: Params,
    threads: usize,
    queue: usize,
    longest_wait: Duration,
}

impl PasswordPoolBuilder {
    pub(super) fn new(params: Params) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            params,
            threads: (cores / 2).max(1),
            queue: 512,
            longest_wait: Duration::from_secs(2),
        }
    }

    /// How many passwords are hashed at once; one at least. Default: half as many as there are cores.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// How many may wait; further ones are refused at once. Default: 512.
    pub fn queue(mut self, queue: usize) -> Self {
        self.queue = queue.max(1);
        self
    }

    /// How long one waits for its turn. Default: 2 s.
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// An internal error if the system gives no thread.
    pub fn build(self) -> Result<PasswordPool, Error> {
        let (alive, ended) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            queue: Arc::new(Queue::new(self.queue)),
            params: self.params,
            nobody: PasswordHash::of_nobody(self.params)?,
            threads: self.threads,
            longest_wait: self.longest_wait,
            ended: Mutex::new(Some(ended)),
        });
        for number in 0..self.threads {
            let queue = Arc::clone(&shared.queue);
            worker::start(number, queue, self.params, alive.clone())?;
        }
        Ok(PasswordPool { shared })
    }
}
