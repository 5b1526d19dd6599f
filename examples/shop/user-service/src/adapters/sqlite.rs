//! Users in the embedded store.

use std::path::Path;
use std::time::{Duration, SystemTime};

use msf_service::bus::Outgoing;
use msf_service::bus::outbox::{OUTBOX_SCHEMA, SqliteOutbox};
use msf_service::clock::Clock;
use msf_service::error::Error;
use msf_service::store::Migration;
use msf_service::store::sqlite::rusqlite::{OptionalExtension, Row, params};
use msf_service::store::sqlite::{self, Database, Transaction};

use crate::application::{Credentials, InsertError, Users};
use crate::domain::{Email, Name, Role, User, UserId};

const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "users", USERS_SCHEMA),
    Migration::new(2, "outbox", OUTBOX_SCHEMA),
];

const USERS_SCHEMA: &str = "CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL, -- microseconds since 1970
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_role ON users (role);";

const COLUMNS: &str = "id, email, name, role, created_at, updated_at, password_hash";

/// Users in one SQLite file, with the events that tell of them. A clone is the same file.
#[derive(Clone, Debug)]
pub(crate) struct SqliteUsers {
    database: Database,
    outbox: SqliteOutbox,
}

impl SqliteUsers {
    /// Opens the file at `path`; makes it where it is not there.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or migrated.
    pub(crate) fn open(path: &Path, clock: &Clock) -> Result<Self, sqlite::Error> {
        let database = Database::open(path, MIGRATIONS)?;
        let outbox = SqliteOutbox::new(database.clone(), clock.clone());
        Ok(Self { database, outbox })
    }

    /// The events that wait to be published.
    pub(crate) fn outbox(&self) -> &SqliteOutbox {
        &self.outbox
    }

    /// The file, for health checks and the end of the process.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The first row of `SELECT {COLUMNS} FROM users WHERE {condition}`.
    async fn find(
        &self,
        condition: &'static str,
        value: String,
    ) -> Result<Option<Credentials>, Error> {
        let found: Result<_, sqlite::Error> = self
            .database
            .read(move |connection| {
                let sql = format!("SELECT {COLUMNS} FROM users WHERE {condition}");
                let mut statement = connection.prepare_cached(&sql)?;
                Ok(statement.query_row([value], record).optional()?)
            })
            .await;
        found?.map(Record::into_credentials).transpose()
    }
}

impl Users for SqliteUsers {
    async fn insert(
        &self,
        user: User,
        hash: String,
        outgoing: Outgoing,
    ) -> Result<(), InsertError> {
        let outbox = self.outbox.clone();
        let inserted: Result<_, sqlite::Error> = self
            .database
            .write(move |transaction| {
                insert(transaction, &user, &hash)?;
                outbox.stage(transaction, outgoing)
            })
            .await;
        // Ids are made here and do not meet, so what is there twice is the address.
        inserted.map_err(|error| {
            if error.is_unique_violation() {
                InsertError::EmailTaken
            } else {
                InsertError::Store(error.into())
            }
        })
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, Error> {
        let found = self.find("id = ?1", id.to_string()).await?;
        Ok(found.map(|found| found.user))
    }

    async fn by_email(&self, email: &str) -> Result<Option<Credentials>, Error> {
        self.find("email_key = ?1", Email::key_of(email)).await
    }

    async fn replace_hash(&self, id: UserId, old: String, new: String) -> Result<(), Error> {
        let replaced: Result<_, sqlite::Error> = self
            .database
            .write(move |transaction| {
                let sql =
                    "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
                transaction.execute(sql, params![id.to_string(), old, new])?;
                Ok(())
            })
            .await;
        Ok(replaced?)
    }

    async fn any_with_role(&self, role: Role) -> Result<bool, Error> {
        let any: Result<_, sqlite::Error> = self
            .database
            .read(move |connection| {
                let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE role = ?1)";
                Ok(connection.query_row(sql, [role.as_str()], |row| row.get(0))?)
            })
            .await;
        Ok(any?)
    }

    async fn take_over(&self, old: UserId, new: User, hash: String) -> Result<(), Error> {
        let taken: Result<_, sqlite::Error> = self
            .database
            .write(move |transaction| {
                transaction.execute("DELETE FROM users WHERE id = ?1", [old.to_string()])?;
                insert(transaction, &new, &hash)
            })
            .await;
        Ok(taken?)
    }
}

fn insert(transaction: &Transaction<'_>, user: &User, hash: &str) -> sqlite::Result<()> {
    let sql = "INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    transaction.prepare_cached(sql)?.execute(params![
        user.id.to_string(),
        user.email.as_str(),
        user.email.key(),
        user.name.as_str(),
        user.role.as_str(),
        hash,
        to_micros(user.created_at),
        to_micros(user.updated_at),
    ])?;
    Ok(())
}

/// A row as it is stored.
struct Record {
    id: String,
    email: String,
    name: String,
    role: String,
    created_at: i64,
    updated_at: i64,
    hash: String,
}

fn record(row: &Row<'_>) -> Result<Record, sqlite::rusqlite::Error> {
    Ok(Record {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        role: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        hash: row.get(6)?,
    })
}

impl Record {
    /// What was stored was valid when it was; what is not any more is a fault of ours, and no value of it is told.
    fn into_credentials(self) -> Result<Credentials, Error> {
        let broken = |field: &str| {
            Error::internal(format!(
                "the stored {field} of user {} is not valid",
                self.id
            ))
        };
        let user = User {
            id: UserId::parse(&self.id).ok_or_else(|| broken("id"))?,
            email: Email::parse(&self.email).map_err(|_| broken("email"))?,
            name: Name::parse(&self.name).map_err(|_| broken("name"))?,
            role: Role::parse(&self.role).ok_or_else(|| broken("role"))?,
            created_at: from_micros(self.created_at),
            updated_at: from_micros(self.updated_at),
        };
        Ok(Credentials {
            user,
            hash: self.hash,
        })
    }
}

/// Microseconds since 1970; a clock before that counts as 1970.
fn to_micros(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn from_micros(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use msf_service::bus::outbox::Outbox as _;
    use shop_proto::events::UserRegistered;

    use super::*;

    fn user(email: &str) -> (User, Outgoing) {
        let (name, email) = (Name::parse("Ana").unwrap(), Email::parse(email).unwrap());
        let user = User::new(name, email, Role::User, SystemTime::UNIX_EPOCH);
        let outgoing = Outgoing::one(UserRegistered {
            user_id: user.id.to_string(),
            name: "Ana".to_owned(),
            email: user.email.as_str().to_owned(),
        });
        (user, outgoing)
    }

    #[tokio::test]
    async fn a_user_and_the_event_that_tells_of_it_are_one_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user-service.db");
        let users = SqliteUsers::open(&path, &Clock::system()).unwrap();
        let pending = async || users.outbox().pending().await.unwrap().count;

        let (ana, outgoing) = user("ana@b.c");
        users
            .insert(ana, "hash".to_owned(), outgoing)
            .await
            .unwrap();
        assert_eq!(pending().await, 1);

        let (twin, outgoing) = user("ANA@b.c");
        let refused = users.insert(twin, "hash".to_owned(), outgoing).await;
        assert!(
            matches!(refused, Err(InsertError::EmailTaken)),
            "{refused:?}"
        );
        assert_eq!(pending().await, 1, "an event of a user who is not there");
    }
}
