//! Sessions in a file of their own.

use std::path::Path;
use std::time::{Duration, SystemTime};

use msf_core::BoxFuture;
use msf_core::component::Component;
use msf_core::error::Error;
use msf_store::Migration;
use msf_store::sqlite::rusqlite::{OptionalExtension, Row};
use msf_store::sqlite::{self, Database, Transaction};

use super::decide::decide;
use super::{
    Decision, Fingerprint, Generation, NewSession, Rotation, Session, SessionId, SessionPolicy,
    SessionStore,
};

const MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "sessions",
    "CREATE TABLE sessions (
        fingerprint BLOB NOT NULL PRIMARY KEY,
        id BLOB NOT NULL,
        subject TEXT NOT NULL,
        generation INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        rotated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_of_subject ON sessions (subject, rotated_at);
    CREATE INDEX sessions_by_rotation ON sessions (rotated_at);",
)];
/// How many expired sessions a login removes at most: more than the one it adds, so that the file stops growing.
const SWEPT_AT_ONCE: u32 = 8;

/// Sessions in an SQLite file of their own: nothing else lies in it, so its schema is nobody else's concern.
///
/// A row is a digest, a public name, a subject, a generation and two times in milliseconds; no token can be made of it. A refresh is one
/// write, which answers when the disk has it. Several processes may share the file. Feature `sqlite`.
///
/// ```
/// use msf_auth::refresh::SqliteSessions;
///
/// let folder = tempfile::tempdir().unwrap();
/// let store = SqliteSessions::open(folder.path().join("sessions.db")).unwrap();
/// let component = store.component(); // closes the file when the service stops
/// # drop(store);
/// # drop(component);
/// ```
#[derive(Clone, Debug)]
pub struct SqliteSessions {
    database: Database,
}

impl SqliteSessions {
    /// Opens the file, or makes it. Blocks the thread for a few milliseconds: for the start of a service.
    ///
    /// # Errors
    ///
    /// As [`Database::open`].
    pub fn open(path: impl AsRef<Path>) -> sqlite::Result<Self> {
        let database = Database::open(path, MIGRATIONS)?;
        Ok(Self { database })
    }

    /// Closes the file with the service and brings its health check.
    pub fn component(&self) -> impl Component {
        self.database.component()
    }

    /// The open file.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

impl SessionStore for SqliteSessions {
    fn create(
        &self,
        new: NewSession,
        policy: SessionPolicy,
    ) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        let create = move |tx: &Transaction<'_>| create(tx, &new, policy);
        Box::pin(async move { Ok(self.database.write(create).await?) })
    }

    fn rotate(
        &self,
        of: Fingerprint,
        presented: Generation,
        now: SystemTime,
        policy: SessionPolicy,
    ) -> BoxFuture<'_, Result<Rotation, Error>> {
        let rotate = move |tx: &Transaction<'_>| rotate(tx, of, presented, now, policy);
        Box::pin(async move { Ok(self.database.write(rotate).await?) })
    }

    fn revoke(&self, of: Fingerprint) -> BoxFuture<'_, Result<Option<Session>, Error>> {
        let revoke = move |tx: &Transaction<'_>| remove(tx, of);
        Box::pin(async move { Ok(self.database.write(revoke).await?) })
    }

    fn revoke_all(&self, subject: &str) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        let subject = subject.to_owned();
        let revoke_all = move |tx: &Transaction<'_>| -> sqlite::Result<Vec<SessionId>> {
            let sql = "DELETE FROM sessions WHERE subject = ?1 RETURNING id";
            let mut delete = tx.prepare_cached(sql)?;
            let ids = delete.query_map([subject], id)?;
            Ok(ids.collect::<Result<_, _>>()?)
        };
        Box::pin(async move { Ok(self.database.write(revoke_all).await?) })
    }
}

fn create(
    tx: &Transaction<'_>,
    new: &NewSession,
    policy: SessionPolicy,
) -> sqlite::Result<Vec<SessionId>> {
    let session = &new.session;
    let idle_since = millis(session.created_at).saturating_sub(in_millis(policy.idle));
    tx.prepare_cached(
        "DELETE FROM sessions WHERE fingerprint IN
            (SELECT fingerprint FROM sessions WHERE rotated_at <= ?1 ORDER BY rotated_at LIMIT ?2)",
    )?
    .execute((idle_since, SWEPT_AT_ONCE))?;
    let mut make_room = tx.prepare_cached(
        "DELETE FROM sessions WHERE fingerprint IN
            (SELECT fingerprint FROM sessions WHERE subject = ?1 ORDER BY rotated_at DESC LIMIT -1 OFFSET ?2)
            RETURNING id",
    )?;
    let others = policy.per_subject.saturating_sub(1);
    let ended = make_room
        .query_map((&session.subject, others), id)?
        .collect::<Result<_, _>>()?;
    tx.prepare_cached(
        "INSERT INTO sessions (fingerprint, id, subject, generation, created_at, rotated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        new.fingerprint.as_bytes(),
        session.id.as_bytes(),
        &session.subject,
        number(session.generation),
        millis(session.created_at),
        millis(session.rotated_at),
    ))?;
    Ok(ended)
}

fn rotate(
    tx: &Transaction<'_>,
    of: Fingerprint,
    presented: Generation,
    now: SystemTime,
    policy: SessionPolicy,
) -> sqlite::Result<Rotation> {
    let sql = "SELECT id, subject, generation, created_at, rotated_at FROM sessions WHERE fingerprint = ?1";
    let mut select = tx.prepare_cached(sql)?;
    let state = select.query_row([of.as_bytes()], session).optional()?;
    let decision = decide(state.as_ref(), presented, now, &policy);
    match decision {
        Decision::Rotate { to } => {
            let sql = "UPDATE sessions SET generation = ?2, rotated_at = ?3 WHERE fingerprint = ?1";
            tx.prepare_cached(sql)?
                .execute((of.as_bytes(), number(to), millis(now)))?;
        }
        Decision::Reuse | Decision::Expired => {
            remove(tx, of)?;
        }
        Decision::Repeat { .. } | Decision::Unknown => {}
    }
    Ok(Rotation {
        decision,
        session: state,
    })
}

fn remove(tx: &Transaction<'_>, of: Fingerprint) -> sqlite::Result<Option<Session>> {
    let sql = "DELETE FROM sessions WHERE fingerprint = ?1
        RETURNING id, subject, generation, created_at, rotated_at";
    let mut delete = tx.prepare_cached(sql)?;
    Ok(delete.query_row([of.as_bytes()], session).optional()?)
}

fn session(row: &Row<'_>) -> Result<Session, sqlite::rusqlite::Error> {
    Ok(Session {
        id: id(row)?,
        subject: row.get("subject")?,
        // What the columns hold was a generation and times when it was written.
        generation: Generation::new(row.get::<_, i64>("generation")?.unsigned_abs())
            .unwrap_or(Generation::LAST),
        created_at: time(row.get("created_at")?),
        rotated_at: time(row.get("rotated_at")?),
    })
}

fn id(row: &Row<'_>) -> Result<SessionId, sqlite::rusqlite::Error> {
    row.get("id").map(SessionId::from_bytes)
}

fn number(generation: Generation) -> i64 {
    i64::try_from(generation.get()).unwrap_or(i64::MAX)
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    in_millis(since.unwrap_or_default())
}

fn in_millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn time(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis.max(0).unsigned_abs())
}
