//! Users and passwords in memory, for tests of the use cases.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use msf_service::bus::{Envelope, Outgoing};
use msf_service::error::{Error, Kind};

use super::{Credentials, Listed, Outcome, Passwords, Situation, Users, Verdict, WriteError};
use crate::domain::{Email, Name, Page, Role, User, UserId, Violation};

/// Users in a list.
#[derive(Clone, Debug, Default)]
pub(super) struct InMemory {
    rows: Arc<Mutex<Vec<(User, String)>>>,
    published: Arc<Mutex<Vec<Envelope>>>,
    /// Whether the hash of a password may be replaced.
    read_only: bool,
}

impl InMemory {
    pub(super) fn read_only() -> Self {
        Self {
            read_only: true,
            ..Self::default()
        }
    }

    pub(super) fn hash_of(&self, email: &str) -> Option<String> {
        let rows = self.rows.lock().unwrap();
        let row = rows.iter().find(|(user, _)| user.email.key() == email);
        row.map(|(_, hash)| hash.clone())
    }

    /// Adds a user who was there from the beginning of time.
    pub(super) fn with(&self, email: &str, role: Role) -> User {
        let (name, email) = (Name::parse("Ana").unwrap(), Email::parse(email).unwrap());
        let user = User::new(name, email, role, SystemTime::UNIX_EPOCH);
        let row = (user.clone(), "hash".to_owned());
        self.rows.lock().unwrap().push(row);
        user
    }

    fn publish(&self, outgoing: Outgoing) -> Result<(), Error> {
        let envelopes = outgoing.into_envelopes().map_err(Error::internal)?;
        self.published.lock().unwrap().extend(envelopes);
        Ok(())
    }

    /// The events that were stored with users.
    pub(super) fn published(&self) -> Vec<Envelope> {
        self.published.lock().unwrap().clone()
    }

    pub(super) fn role_of(&self, email: &str) -> Option<Role> {
        let rows = self.rows.lock().unwrap();
        let row = rows.iter().find(|(user, _)| user.email.key() == email);
        row.map(|(user, _)| user.role)
    }
}

impl Users for InMemory {
    async fn insert(&self, user: User, hash: String, outgoing: Outgoing) -> Result<(), WriteError> {
        if self.hash_of(&user.email.key()).is_some() {
            return Err(WriteError::EmailTaken);
        }
        self.publish(outgoing)?;
        self.rows.lock().unwrap().push((user, hash));
        Ok(())
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, Error> {
        let rows = self.rows.lock().unwrap();
        Ok(rows
            .iter()
            .find(|(user, _)| user.id == id)
            .map(|(user, _)| user.clone()))
    }

    async fn by_email(&self, email: &str) -> Result<Option<Credentials>, Error> {
        let (key, rows) = (Email::key_of(email), self.rows.lock().unwrap());
        let row = rows.iter().find(|(user, _)| user.email.key() == key);
        Ok(row.cloned().map(|(user, hash)| Credentials { user, hash }))
    }

    async fn replace_hash(&self, id: UserId, old: String, new: String) -> Result<(), Error> {
        if self.read_only {
            return Err(Error::of(Kind::Unavailable));
        }
        let mut rows = self.rows.lock().unwrap();
        let row = rows
            .iter_mut()
            .find(|(user, hash)| user.id == id && *hash == old);
        if let Some((_, hash)) = row {
            *hash = new;
        }
        Ok(())
    }

    async fn any_admin(&self) -> Result<bool, Error> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().any(|(user, _)| user.role == Role::Admin))
    }

    async fn appoint<F>(&self, admin: User, hash: String, outgoing: F) -> Result<bool, Error>
    where
        F: FnOnce(UserId) -> Outgoing + Send + 'static,
    {
        let mut rows = self.rows.lock().unwrap();
        if rows.iter().any(|(user, _)| user.role == Role::Admin) {
            return Ok(false);
        }
        let key = admin.email.key();
        if let Some(at) = rows.iter().position(|(user, _)| user.email.key() == key) {
            self.publish(outgoing(rows.remove(at).0.id))?;
        }
        rows.push((admin, hash));
        Ok(true)
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
        let mut rows = self.rows.lock().unwrap();
        let find = |id| rows.iter().position(|(user, _)| user.id == id);
        let (by, at) = (find(admin), find(user));
        let is_other_admin = |(row, _): &(User, String)| row.role == Role::Admin && row.id != user;
        let situation = Situation {
            admin: by.map(|by| rows[by].0.clone()),
            user: at.map(|at| rows[at].0.clone()),
            other_admins: rows.iter().any(is_other_admin),
        };
        let outcome = decide(situation)?;
        let at = at.expect("what is decided about somebody is");
        match outcome {
            Outcome::Change(changed) => {
                let key = changed.email.key();
                let is_other = |(row, _): &(User, String)| row.id != user && row.email.key() == key;
                if rows.iter().any(is_other) {
                    return Err(WriteError::EmailTaken);
                }
                rows[at].0 = changed;
            }
            Outcome::Delete(outgoing) => {
                self.publish(outgoing)?;
                rows.remove(at);
                return Ok(None);
            }
        }
        Ok(Some(rows[at].0.clone()))
    }

    async fn list(&self, admin: UserId, page: Page) -> Result<(Option<User>, Listed), Error> {
        let rows = self.rows.lock().unwrap();
        let admin = rows.iter().find(|(user, _)| user.id == admin);
        let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        let on_page = rows.iter().skip(offset).take(page.size() as usize);
        let listed = Listed {
            users: on_page.map(|(user, _)| user.clone()).collect(),
            total: rows.len() as u64,
        };
        Ok((admin.map(|(user, _)| user.clone()), listed))
    }
}

/// A hash is the password behind a mark: `new:` where it is as strong as it should be, `old:` where it is not.
#[derive(Clone, Debug, Default)]
pub(super) struct Marked {
    /// How often a password was hashed or verified.
    pub(super) work: Arc<AtomicUsize>,
}

impl Passwords for Marked {
    fn check(&self, password: &str, about: &[&str]) -> Vec<Violation> {
        let mut broken = Vec::new();
        if password.len() < 8 {
            broken.push(Violation::new(
                "password",
                "password.too_short",
                "is too short",
            ));
        }
        if about.contains(&password) {
            broken.push(Violation::new(
                "password",
                "password.context",
                "is about its user",
            ));
        }
        broken
    }

    async fn hash(&self, password: String) -> Result<String, Error> {
        self.work.fetch_add(1, Ordering::Relaxed);
        Ok(format!("new:{password}"))
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<Verdict, Error> {
        self.work.fetch_add(1, Ordering::Relaxed);
        let right = |mark: &str| hash.as_deref() == Some(&format!("{mark}:{password}"));
        Ok(match (right("new"), right("old")) {
            (true, _) => Verdict::Right { rehash: false },
            (_, true) => Verdict::Right { rehash: true },
            _ => Verdict::Wrong,
        })
    }
}
