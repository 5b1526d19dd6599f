//! Users in the embedded store.

mod rows;
mod schema;

use std::path::Path;

use msf_service::bus::Outgoing;
use msf_service::bus::outbox::SqliteOutbox;
use msf_service::clock::Clock;
use msf_service::error::Error;
use msf_service::store::sqlite::{self, Database, Transaction};

use self::rows::{Record, change, find, insert, page, total};
use self::schema::MIGRATIONS;
use crate::application::{Credentials, Listed, Outcome, Situation, Users, WriteError};
use crate::domain::{Email, Page, User, UserId};

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

    async fn find(
        &self,
        condition: &'static str,
        value: String,
    ) -> Result<Option<Credentials>, Error> {
        let read = self.database.read(move |connection| {
            let found: sqlite::Result<_> = find(connection, condition, &value);
            found
        });
        read.await?.map(Record::into_credentials).transpose()
    }
}

impl Users for SqliteUsers {
    async fn insert(&self, user: User, hash: String, outgoing: Outgoing) -> Result<(), WriteError> {
        let outbox = self.outbox.clone();
        let write = self.database.write(move |transaction| {
            insert(transaction, &user, &hash)?;
            Ok::<_, WriteError>(outbox.stage(transaction, outgoing)?)
        });
        write.await
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, Error> {
        let found = self.find(rows::BY_ID, id.to_string()).await?;
        Ok(found.map(|found| found.user))
    }

    async fn by_email(&self, email: &str) -> Result<Option<Credentials>, Error> {
        self.find(rows::BY_EMAIL, Email::key_of(email)).await
    }

    async fn replace_hash(&self, id: UserId, old: String, new: String) -> Result<(), Error> {
        let replaced: Result<_, sqlite::Error> = self
            .database
            .write(move |transaction| {
                let sql =
                    "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
                transaction.execute(sql, (id.to_string(), old, new))?;
                Ok(())
            })
            .await;
        Ok(replaced?)
    }

    async fn any_admin(&self) -> Result<bool, Error> {
        let any: Result<_, sqlite::Error> = self.database.read(rows::any_admin).await;
        Ok(any?)
    }

    async fn appoint<F>(&self, admin: User, hash: String, outgoing: F) -> Result<bool, Error>
    where
        F: FnOnce(UserId) -> Outgoing + Send + 'static,
    {
        let outbox = self.outbox.clone();
        let write = self.database.write(move |transaction| {
            if rows::any_admin(transaction)? {
                return Ok(false);
            }
            if let Some(old) = read(transaction, rows::BY_EMAIL, &admin.email.key())? {
                rows::delete(transaction, old.id)?;
                outbox.stage(transaction, outgoing(old.id))?;
            }
            insert(transaction, &admin, &hash)?;
            Ok::<_, WriteError>(true)
        });
        Ok(write.await?)
    }

    async fn administer<F>(
        &self,
        admin: UserId,
        user: UserId,
        decide: F,
    ) -> Result<Option<User>, WriteError>
    where
        F: FnOnce(Situation) -> Result<Outcome, Error> + Send + 'static,
    {
        let outbox = self.outbox.clone();
        let write = self.database.write(move |transaction| {
            let situation = Situation {
                admin: read(transaction, rows::BY_ID, &admin.to_string())?,
                user: read(transaction, rows::BY_ID, &user.to_string())?,
                other_admins: rows::other_admins(transaction, user)?,
            };
            match decide(situation)? {
                Outcome::Change(changed) => change(transaction, &changed)?,
                Outcome::Delete(outgoing) => {
                    rows::delete(transaction, user)?;
                    outbox.stage(transaction, outgoing)?;
                }
            }
            // As it is stored, which is not as exact as a clock.
            read(transaction, rows::BY_ID, &user.to_string())
        });
        write.await
    }

    async fn list(&self, admin: UserId, wanted: Page) -> Result<(Option<User>, Listed), Error> {
        let read = self.database.read(move |connection| {
            let admin = find(connection, rows::BY_ID, &admin.to_string())?;
            let found: sqlite::Result<_> =
                Ok((admin, page(connection, wanted)?, total(connection)?));
            found
        });
        let (admin, page, total) = read.await?;
        let user = |record: Record| record.into_credentials().map(|found| found.user);
        let users = page.into_iter().map(user).collect::<Result<_, _>>()?;
        Ok((admin.map(user).transpose()?, Listed { users, total }))
    }
}

/// A user as it is within a transaction.
fn read(
    transaction: &Transaction<'_>,
    condition: &str,
    value: &str,
) -> Result<Option<User>, WriteError> {
    let found = find(transaction, condition, value)?.map(Record::into_credentials);
    Ok(found.transpose()?.map(|found| found.user))
}

impl From<sqlite::Error> for WriteError {
    fn from(error: sqlite::Error) -> Self {
        // Ids are made here and do not meet, so what is there twice is the address.
        if error.is_unique_violation() {
            Self::EmailTaken
        } else {
            Self::Other(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use msf_service::bus::outbox::Outbox as _;
    use shop_proto::events::UserRegistered;

    use super::*;
    use crate::domain::{Name, Role};

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
            matches!(refused, Err(WriteError::EmailTaken)),
            "{refused:?}"
        );
        assert_eq!(pending().await, 1, "an event of a user who is not there");
    }

    #[tokio::test]
    async fn a_file_from_before_versions_opens_and_its_users_have_version_1() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user-service.db");
        let before = Database::open(&path, &MIGRATIONS[..2]).unwrap();
        let (ana, _) = user("ana@b.c");
        let id = ana.id;
        let written: sqlite::Result<_> = before
            .write(move |transaction| {
                let sql = "INSERT INTO users
                    (id, email, email_key, name, role, password_hash, created_at, updated_at)
                    VALUES (?1, 'ana@b.c', 'ana@b.c', 'Ana', 'user', 'hash', 5, 7)";
                Ok(transaction.execute(sql, [id.to_string()])?)
            })
            .await;
        assert_eq!(written.unwrap(), 1);
        drop(before);

        let users = SqliteUsers::open(&path, &Clock::system()).unwrap();
        let found = users.by_id(id).await.unwrap().unwrap();
        assert_eq!((found.version, found.name.as_str()), (1, "Ana"));
        assert_ne!(found.created_at, found.updated_at);
    }

    #[tokio::test]
    async fn what_is_refused_leaves_no_event_and_what_is_deleted_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user-service.db");
        let users = SqliteUsers::open(&path, &Clock::system()).unwrap();
        let pending = async || users.outbox().pending().await.unwrap().count;
        let (ana, outgoing) = user("ana@b.c");
        let (bo, more) = user("bo@b.c");
        let insert = async |user: &User, outgoing| {
            let hash = "hash".to_owned();
            users.insert(user.clone(), hash, outgoing).await.unwrap();
        };
        insert(&ana, outgoing).await;
        insert(&bo, Outgoing::none()).await;
        assert_eq!(pending().await, 1);

        // The address is taken: nothing of it is written.
        let mut twin = bo.clone();
        (twin.email, twin.version) = (Email::parse("ANA@b.c").unwrap(), 2);
        let taken = users.administer(ana.id, bo.id, move |_| Ok(Outcome::Change(twin)));
        let taken = taken.await.unwrap_err();
        assert!(matches!(taken, WriteError::EmailTaken), "{taken:?}");
        let found = users.by_id(bo.id).await.unwrap().unwrap();
        assert_eq!((found.version, found.email.as_str()), (1, "bo@b.c"));

        let deleted = users.administer(ana.id, bo.id, move |situation| {
            assert!(!situation.other_admins);
            assert_eq!(situation.user.unwrap().id, bo.id);
            Ok(Outcome::Delete(more))
        });
        assert!(deleted.await.unwrap().is_none());
        assert!(users.by_id(bo.id).await.unwrap().is_none());
        assert_eq!(pending().await, 2);
    }

    #[tokio::test]
    async fn of_many_who_appoint_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user-service.db");
        let mut all = Vec::new();
        for number in 0..8 {
            // As in processes of their own: no connection is shared.
            let users = SqliteUsers::open(&path, &Clock::system()).unwrap();
            let (mut admin, _) = user(&format!("boss-{number}@b.c"));
            admin.role = Role::Admin;
            all.push(tokio::spawn(async move {
                let told = |_| Outgoing::none();
                users.appoint(admin, "hash".to_owned(), told).await.unwrap()
            }));
        }
        let mut appointed = 0;
        for one in all {
            appointed += usize::from(one.await.unwrap());
        }
        assert_eq!(appointed, 1);
    }
}
