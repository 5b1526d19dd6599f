//! The threads that hash, and the queue before them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use msf_core::error::{Error, Kind};
use tokio::sync::{mpsc, oneshot};

use super::job::{Job, Work};
use super::queue::{Queue, Refused};
use super::{Params, Password, PasswordHash, PasswordPoolBuilder, PasswordPoolComponent};

/// Hashes and verifies passwords with argon2id, on a few OS threads of its own.
///
/// As many hashes run at once as there are threads, whatever the callers do: a hash that has begun ends, also when its caller
/// went away, and until then nothing else takes its thread. One that has not begun is skipped when its caller went away. Each thread
/// keeps the memory of one hash from its first one on and wipes it at the end.
///
/// It needs tokio's timer. Clones share the threads; these end with the last clone, or with the [`component`](Self::component).
///
/// ```
/// use msf_auth::password::{Params, Password, PasswordPool, Verdict};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let pool = PasswordPool::new(Params::default())?;
/// let stored = pool.hash(&Password::new("a walk in the snow".to_owned())?).await?;
/// let guess = Password::new("a walk in the rain".to_owned())?;
/// assert_eq!(pool.verify(&guess, Some(&stored)).await?, Verdict::Wrong);
/// # Ok::<(), msf_auth::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct PasswordPool {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) queue: Arc<Queue<Job>>,
    pub(super) params: Params,
    pub(super) nobody: PasswordHash,
    pub(super) threads: usize,
    pub(super) longest_wait: Duration,
    /// Ends when every thread has; there is one component to wait for that.
    pub(super) ended: Mutex<Option<mpsc::Receiver<()>>>,
}

/// What came of verifying a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is the one.
    Right {
        /// The stored hash is weaker than the pool's parameters: hash the password again and store that.
        rehash: bool,
    },
    /// It is not, or there is no such user.
    Wrong,
}

// === impl PasswordPool ===

impl PasswordPool {
    /// Starts half as many threads as there are cores, one at least.
    ///
    /// # Errors
    ///
    /// An internal error if the system gives no thread.
    pub fn new(params: Params) -> Result<Self, Error> {
        Self::builder(params).build()
    }

    /// Sets threads, queue and waiting time as well.
    pub fn builder(params: Params) -> PasswordPoolBuilder {
        PasswordPoolBuilder::new(params)
    }

    /// Hashes a password, to be stored.
    ///
    /// # Errors
    ///
    /// [`Kind::Overloaded`], code `password.overloaded`, if its turn does not come within the longest wait (2 s) or too many wait
    /// already; [`Kind::Unavailable`] when the pool has ended.
    ///
    /// # Cancel safety
    ///
    /// May be dropped: a hash that has not begun is skipped, one that has begun ends unseen and keeps its thread until then.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, Error> {
        let params = self.shared.params;
        self.run(password, |done| Work::Hash { params, done }).await
    }

    /// Says whether `password` is the one that `stored` was made of. `None` stands for a user that does not exist: as much work,
    /// always [`Verdict::Wrong`].
    ///
    /// A stored hash of other parameters takes the time of those, so hash again where the verdict says so.
    ///
    /// # Errors
    ///
    /// As [`hash`](Self::hash).
    ///
    /// # Cancel safety
    ///
    /// As [`hash`](Self::hash).
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, Error> {
        let Shared { nobody, params, .. } = &*self.shared;
        let against = stored.unwrap_or(nobody).clone();
        let matches = self
            .run(password, |done| Work::Verify {
                stored: against,
                done,
            })
            .await?;
        Ok(match stored {
            Some(stored) if matches => Verdict::Right {
                rehash: stored.is_weaker_than(*params),
            },
            _ => Verdict::Wrong,
        })
    }

    /// How many passwords are hashed at once.
    pub fn threads(&self) -> usize {
        self.shared.threads
    }

    /// Ends the threads with the service, in [`Phase::Pools`](msf_core::component::Phase::Pools). A pool works without it too.
    pub fn component(&self) -> PasswordPoolComponent {
        PasswordPoolComponent::new(self.clone())
    }

    pub(super) fn close(&self) {
        self.shared.queue.close();
    }

    pub(super) fn ended(&self) -> Option<mpsc::Receiver<()>> {
        let mut ended = self
            .shared
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        ended.take()
    }

    async fn run<T>(
        &self,
        password: &Password,
        work: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Work,
    ) -> Result<T, Error> {
        let (begun, has_begun) = oneshot::channel();
        let (done, is_done) = oneshot::channel();
        let job = Job {
            password: password.clone(),
            work: work(done),
            begun,
        };
        self.shared
            .queue
            .push(job)
            .map_err(|refused| match refused {
                Refused::Full => overloaded(),
                Refused::Closed => ended(),
            })?;
        tokio::time::timeout(self.shared.longest_wait, has_begun)
            .await
            .map_err(|_| overloaded())?
            .map_err(|_| ended())?;
        is_done
            .await
            .map_err(|_| Error::internal("a password hash panicked"))?
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for PasswordPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPool")
            .field("params", &self.shared.params)
            .field("threads", &self.shared.threads)
            .finish_non_exhaustive()
    }
}

fn overloaded() -> Error {
    Error::new(
        Kind::Overloaded,
        "password.overloaded",
        "too many passwords are being checked",
    )
    .with_retry_after(Duration::from_secs(1))
}

fn ended() -> Error {
    Error::of(Kind::Unavailable).with_source("the password pool has ended")
}
