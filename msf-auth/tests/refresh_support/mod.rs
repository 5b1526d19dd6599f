//! Sessions on a file in a folder of their own, a store that counts, and a log that is kept.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use msf_auth::Error;
use msf_auth::refresh::{
    Fingerprint, Generation, NewSession, RefreshKey, Rotation, Session, SessionId, SessionPolicy,
    SessionStore, Sessions, SqliteSessions,
};
use msf_core::BoxFuture;
use msf_core::clock::FakeClock;
use msf_core::error::Kind;
use tempfile::TempDir;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const KEY: [u8; 32] = *b"a key that appears in no dump...";

pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) clock: FakeClock,
    pub(crate) policy: SessionPolicy,
    pub(crate) calls: Arc<AtomicUsize>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: FakeClock::new(SystemTime::UNIX_EPOCH + DAY * 20_000),
            policy: SessionPolicy::default(),
            calls: Arc::default(),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("sessions.db")
    }

    pub(crate) fn store(&self) -> SqliteSessions {
        SqliteSessions::open(self.path()).unwrap()
    }

    pub(crate) fn sessions(&self) -> Sessions {
        let store = Counting {
            store: self.store(),
            calls: Arc::clone(&self.calls),
        };
        let key = RefreshKey::from_bytes(KEY);
        Sessions::new(store, key, self.policy, self.clock.clock())
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// The file and its log; not what connections use to keep out of each other's way.
    pub(crate) fn written(&self) -> [Vec<u8>; 2] {
        ["sessions.db", "sessions.db-wal"]
            .map(|name| std::fs::read(self.folder.path().join(name)).unwrap())
    }

    /// How many rows the file has, read by a connection of its own.
    pub(crate) fn rows(&self) -> i64 {
        use msf_store::sqlite::rusqlite::{Connection, OpenFlags};
        let file =
            Connection::open_with_flags(self.path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        file.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
            .unwrap()
    }
}

/// A store that counts how often it is asked.
struct Counting {
    store: SqliteSessions,
    calls: Arc<AtomicUsize>,
}

impl Counting {
    fn count(&self) -> &SqliteSessions {
        self.calls.fetch_add(1, Ordering::Relaxed);
        &self.store
    }
}

impl SessionStore for Counting {
    fn create(
        &self,
        new: NewSession,
        policy: SessionPolicy,
    ) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        self.count().create(new, policy)
    }

    fn rotate(
        &self,
        of: Fingerprint,
        presented: Generation,
        now: SystemTime,
        policy: SessionPolicy,
    ) -> BoxFuture<'_, Result<Rotation, Error>> {
        self.count().rotate(of, presented, now, policy)
    }

    fn revoke(&self, of: Fingerprint) -> BoxFuture<'_, Result<Option<Session>, Error>> {
        self.count().revoke(of)
    }

    fn revoke_all(&self, subject: &str) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        self.count().revoke_all(subject)
    }
}

/// The one answer to every token that gives no successor.
#[track_caller]
pub(crate) fn is_invalid<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.expect_err("the token was taken");
    assert_eq!(error.kind(), Kind::Unauthenticated, "{error:?}");
    assert_eq!(error.code(), "refresh.invalid");
    assert_eq!(error.message(), "the refresh token is not valid");
    assert!(std::error::Error::source(&error).is_none() && error.retry_after().is_none());
}

/// The bytes in a token.
pub(crate) fn bytes_of(token: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD
        .decode(token.strip_prefix("msfr1.").unwrap())
        .unwrap()
}

/// The random id in a token of `subject`.
pub(crate) fn rid_of(token: &str, subject: &str) -> Vec<u8> {
    let start = 1 + 8 + 1 + subject.len();
    bytes_of(token)[start..start + 16].to_vec()
}

pub(crate) fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// All bytes of all files in a folder.
pub(crate) fn dump(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

/// Every event, one a line: `LEVEL target key=value ..`.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn keep() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::registry().with(log.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// The lines of the audit log.
    pub(crate) fn audit(&self) -> Vec<String> {
        let lines = self.lines();
        lines
            .into_iter()
            .filter(|line| line.contains(" msf::audit "))
            .collect()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {field}={value}").unwrap();
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}
