//! How a database is opened.

use std::path::Path;
use std::time::Duration;

use msf_core::clock::Clock;

use super::database::Database;
use super::error::Result;
use crate::Migration;

/// The bounds of a database: how much waits, for how long, and how large it may become.
///
/// ```
/// use msf_store::sqlite::Options;
/// use std::time::Duration;
///
/// let folder = tempfile::tempdir().unwrap();
/// let database = Options::new()
///     .queue(64)
///     .busy_timeout(Duration::from_secs(1))
///     .open(folder.path().join("users.db"), &[])
///     .unwrap();
/// # drop(database);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    pub(super) queue: usize,
    pub(super) readers: usize,
    pub(super) batch: usize,
    pub(super) batch_time: Duration,
    pub(super) busy_timeout: Duration,
    pub(super) max_pages: Option<u32>,
    pub(super) clock: Clock,
}

impl Options {
    /// The defaults, which [`Database::open`] takes.
    pub fn new() -> Self {
        Self {
            queue: 1024,
            readers: 2,
            batch: 512,
            batch_time: Duration::from_millis(10),
            busy_timeout: Duration::from_secs(5),
            max_pages: None,
            clock: Clock::system(),
        }
    }

    /// How many writes, and how many reads, may wait for a thread before further ones wait for room. At least 1.
    /// Default: 1024.
    pub fn queue(mut self, jobs: usize) -> Self {
        self.queue = jobs;
        self
    }

    /// How many threads read, each with a connection of its own. At least 1. Default: 2.
    pub fn readers(mut self, threads: usize) -> Self {
        self.readers = threads.max(1);
        self
    }

    /// How many writes may share one transaction. At least 1, which is no group commit at all. Default: 512.
    pub fn batch(mut self, jobs: usize) -> Self {
        self.batch = jobs.max(1);
        self
    }

    /// How long after its first write a transaction takes further ones, all of which are answered at its end. Default:
    /// 10 ms.
    pub fn batch_time(mut self, time: Duration) -> Self {
        self.batch_time = time;
        self
    }

    /// How long to wait for the lock that another connection holds, another process for example. Default: 5 s.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How many pages of 4 KiB the file may have; more is [`Error::DiskFull`](super::Error::DiskFull). Default: what the
    /// disk holds.
    pub fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }

    /// The clock that says when a migration ran. Default: the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the database at `path` as [`Database::open`] does, with these bounds.
    ///
    /// # Errors
    ///
    /// As [`Database::open`].
    pub fn open(&self, path: impl AsRef<Path>, migrations: &[Migration]) -> Result<Database> {
        Database::open_with(self, path.as_ref(), migrations)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
