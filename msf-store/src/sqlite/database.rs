//! A file, and the threads that write and read it for everybody.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use msf_core::component::Component;
use msf_core::health::Check;
use rusqlite::{Connection, Transaction};
use tokio::time::timeout_at;

use super::caller::Caller;
use super::component::DatabaseComponent;
use super::engine::Engine;
use super::error::{Error, Result};
use super::health;
use super::job::{self, Answer, AnyJob, Receipt};
use super::measure::Measure;
use super::options::Options;
use super::queue::Queue;
use crate::Migration;

/// An open database. A clone is the same database.
///
/// When the last clone is dropped, its threads finish what is queued and close the file; a service closes it in
/// order with [`Database::component`].
///
/// ```
/// use msf_store::Migration;
/// use msf_store::sqlite::{Database, Result, Transaction};
///
/// const MIGRATIONS: &[Migration] =
///     &[Migration::new(1, "users", "CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT")];
///
/// fn rename(tx: &Transaction<'_>, id: &str, name: &str) -> Result<bool> {
///     Ok(tx.execute("UPDATE users SET name = ?2 WHERE id = ?1", (id, name))? == 1)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// let database = Database::open(folder.path().join("users.db"), MIGRATIONS).unwrap();
/// let id = "u-17".to_owned();
/// let found = database.write(move |tx| rename(tx, &id, "Ana")).await.unwrap();
/// assert!(!found);
/// # });
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    name: String,
    measure: Measure,
    engine: Engine,
}

impl Database {
    /// Opens the file at `path` and brings its schema to the end of `migrations`. Makes the file, readable and writable
    /// for its owner only, and the folders above it, where they are not there.
    ///
    /// Blocks the thread, a few milliseconds unless a migration is slow: for the start of a service. The bounds are
    /// those of [`Options::new`].
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] when the schema is not what this program can go on from, [`Error::Open`] when the file cannot be
    /// made, read or locked, or does not lie on a local disk.
    pub fn open(path: impl AsRef<Path>, migrations: &[Migration]) -> Result<Self> {
        Self::open_with(&Options::new(), path.as_ref(), migrations)
    }

    pub(super) fn open_with(
        options: &Options,
        path: &Path,
        migrations: &[Migration],
    ) -> Result<Self> {
        let engine = Engine::start(path, options, migrations).map_err(|source| {
            match source.downcast::<Error>() {
                Ok(error) if matches!(*error, Error::Migration(_)) => *error,
                Ok(error) => Error::Open {
                    path: path.to_owned(),
                    source: error,
                },
                Err(source) => Error::Open {
                    path: path.to_owned(),
                    source,
                },
            }
        })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let inner = Inner {
            path: path.to_owned(),
            measure: Measure::new(&name),
            name: name.into_owned(),
            engine,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Runs `job` in a transaction and answers once what it wrote is on the disk.
    ///
    /// Writes that wait at the same time share one transaction and one flush to the disk. Each has a savepoint of its own:
    /// when `job` returns an error or panics, what it wrote is undone, and that of the others stays. It sees what those
    /// before it in the same transaction wrote; no answer is given before all of it is stored.
    ///
    /// `job` runs on the thread that writes for everybody: it should take microseconds and must not wait for anything.
    /// It runs with the caller's context, service name, tracing span and subscriber. Give a closure that is not one
    /// call a return type (`|tx| -> Result<_> { .. }`), or Rust cannot know what `?` turns an error into.
    ///
    /// While the queue is full, it waits for room. A job whose turn has not come by the deadline of the current
    /// [`Context`](msf_core::context::Context) does not run.
    ///
    /// # Errors
    ///
    /// What `job` returns, or an [`Error`]. Of either, nothing is stored.
    ///
    /// # Cancel safety
    ///
    /// Dropped before its turn has come, the job does not run. Once it has begun, it is carried out and stored although
    /// nobody is told.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (result, outcome, receipt) = submit(&self.inner.engine.writes, job).await;
        self.inner.measure.write(outcome, receipt);
        result
    }

    /// Runs `job` on a connection that cannot write. It sees every write that was answered before, and one state of the
    /// file from its first statement to its last.
    ///
    /// `job` runs on one of a few threads (two, unless [`Options::readers`] says otherwise), beside the one that writes,
    /// with what [`Database::write`] says about queue, context, deadline and return type. As long as it runs, the log of
    /// the file cannot be cut back: read a large table in pages.
    ///
    /// # Errors
    ///
    /// What `job` returns, or an [`Error`].
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time. Before its turn has come, the job does not run.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let job = move |transaction: &Transaction<'_>| job(transaction);
        let (result, outcome, receipt) = submit(&self.inner.engine.reads, job).await;
        self.inner.measure.read(outcome, receipt);
        result
    }

    /// Whether the file can be written to: a check that is named after the file, `users` for `users.db`.
    ///
    /// [`Database::component`] brings it along. A service that can do without makes it
    /// [`optional`](Check::optional).
    pub fn check(&self) -> Check {
        health::check(self)
    }

    /// The part of the service that closes the database when it stops, after the last request and the last message.
    pub fn component(&self) -> impl Component {
        DatabaseComponent::new(self.clone())
    }

    /// Takes no more jobs, finishes those that are queued, moves the log into the file and closes it. Later calls wait
    /// for the same end.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it goes on closing.
    pub async fn close(&self) {
        self.inner.engine.close();
        self.inner.engine.ended().await;
    }

    /// Where the file is, as it was given.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    pub(super) fn name(&self) -> &str {
        &self.inner.name
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.inner.engine
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("path", &self.inner.path)
            .finish_non_exhaustive()
    }
}

type Submitted<T, E> = (Result<T, E>, &'static str, Option<Receipt>);

/// Hands a job to the thread behind `queue` and waits for its answer.
pub(super) async fn submit<T, E, F>(queue: &Queue<AnyJob>, job: F) -> Submitted<T, E>
where
    F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let caller = Caller::current();
    let deadline = caller.deadline();
    let (job, mut ticket) = job::job(caller, job);
    let answer = async {
        queue.push(job).await.map_err(|_| Error::Closed)?;
        // The sender is dropped without an answer only by a thread that fails.
        (&mut ticket.answer).await.map_err(|_| Error::Closed)
    };
    let answer = match deadline {
        None => answer.await,
        Some(deadline) => match timeout_at(deadline.instant(), answer).await {
            Ok(answer) => answer,
            Err(_) if ticket.withdraw() => Err(Error::DeadlineExceeded),
            Err(_) => (&mut ticket.answer).await.map_err(|_| Error::Closed),
        },
    };
    match answer {
        Ok(Answer {
            result,
            outcome,
            receipt,
        }) => (result, outcome, Some(receipt)),
        Err(error) => {
            let outcome = error.outcome();
            (Err(error.into()), outcome, None)
        }
    }
}
