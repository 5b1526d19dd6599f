//! The threads of a database: started together, ended in order.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use msf_core::BoxError;
use tokio::sync::watch;

use super::connection;
use super::error::Error;
use super::guard::Guard;
use super::job::{AnyJob, contained};
use super::migrations;
use super::options::Options;
use super::queue::Queue;
use super::reader::Reader;
use super::writer::Writer;
use crate::Migration;

/// How long the end waits for other connections that read, before it leaves the log to the next who opens the file.
const CHECKPOINT_WAIT: Duration = Duration::from_millis(100);

/// The two queues of a database. They close when this is dropped, and the threads end with what is in them.
pub(super) struct Engine {
    pub(super) writes: Arc<Queue<AnyJob>>,
    pub(super) reads: Arc<Queue<AnyJob>>,
    /// Whether a transaction could not be stored since the health check last wrote something itself.
    pub(super) ailing: Arc<AtomicBool>,
    /// Closed when all threads have ended and the file is closed.
    ended: watch::Receiver<()>,
}

/// Closes both queues when the thread that holds it ends, however it ends, and leaves no job in its own: nobody waits
/// for a thread that is gone.
struct Closing {
    own: Arc<Queue<AnyJob>>,
    other: Arc<Queue<AnyJob>>,
}

impl Engine {
    pub(super) fn start(
        path: &Path,
        options: &Options,
        migrations: &[Migration],
    ) -> Result<Self, BoxError> {
        let mut connection = connection::writer(path, options)?;
        let guard = Guard::install(&mut connection)?;
        migrations::run(&connection, &guard, migrations, &options.clock)?;
        let batch = if migrations::has_deferred_keys(&connection)? {
            tracing::info!(path = %path.display(), "deferred foreign keys: each write has a transaction of its own");
            1
        } else {
            options.batch
        };
        let (alive, ended) = watch::channel(());
        // Dropped when a thread cannot be started, it ends those that have.
        let engine = Self {
            writes: Arc::new(Queue::new(options.queue)),
            reads: Arc::new(Queue::new(options.queue)),
            ailing: Arc::default(),
            ended,
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut readers = Vec::new();
        for _ in 0..options.readers {
            let mut connection = connection::reader(path, options)?;
            let reader = Reader {
                guard: Guard::install(&mut connection)?,
                connection,
                queue: Arc::clone(&engine.reads),
            };
            let closing = Closing::new(&engine.reads, &engine.writes);
            readers.push(spawn(format!("{name} reader"), move || {
                let _closing = closing;
                reader.run();
            })?);
        }
        let writer = Writer {
            connection,
            guard,
            queue: Arc::clone(&engine.writes),
            batch,
            batch_time: options.batch_time,
            busy_timeout: options.busy_timeout,
            ailing: Arc::clone(&engine.ailing),
        };
        let closing = Closing::new(&engine.writes, &engine.reads);
        spawn(format!("{name} writer"), move || {
            let _alive = alive;
            let closing = closing;
            writer.run();
            drop(closing);
            close(writer, readers);
        })?;
        Ok(engine)
    }

    /// Takes no more jobs; those that are queued will be finished.
    pub(super) fn close(&self) {
        self.writes.close();
        self.reads.close();
    }

    /// Waits until the threads have ended and the file is closed.
    pub(super) async fn ended(&self) {
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

impl Closing {
    fn new(own: &Arc<Queue<AnyJob>>, other: &Arc<Queue<AnyJob>>) -> Self {
        Self {
            own: Arc::clone(own),
            other: Arc::clone(other),
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.own.close();
        self.other.close();
        while let Some(job) = self.own.take_if(|_| true) {
            contained(|| drop(job));
        }
    }
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(work)
}

/// The writer goes last: who closes a file last moves its log into it, which a reader may not.
fn close(writer: Writer, readers: Vec<JoinHandle<()>>) {
    for reader in readers {
        // A reader that panicked has closed its connection as well.
        let _ = reader.join();
    }
    let connection = writer.connection;
    let checkpoint = connection
        .busy_timeout(CHECKPOINT_WAIT)
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    let closed = connection.close().map_err(|(_, error)| error);
    if let Err(error) = checkpoint.and(closed).map_err(Error::from) {
        tracing::debug!(error = %msf_core::error::chain(&error), "the log was left to the next who opens the file");
    }
}
