//! Users and passwords in memory, for tests of the use cases.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use msf_service::bus::{Envelope, Outgoing};
use msf_service::error::{Error, Kind};

use super::{Credentials, InsertError, Passwords, Users, Verdict};
use crate::domain::{Email, Role, User, UserId, Violation};

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
    async fn insert(
        &self,
        user: User,
        hash: String,
        outgoing: Outgoing,
    ) -> Result<(), InsertError> {
        if self.hash_of(&user.email.key()).is_some() {
            return Err(InsertError::EmailTaken);
        }
        let envelopes = outgoing
            .into_envelopes()
            .map_err(|error| InsertError::Store(Error::internal(error)))?;
        self.published.lock().unwrap().extend(envelopes);
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

    async fn any_with_role(&self, role: Role) -> Result<bool, Error> {
        Ok(self
            .rows
            .lock()
            .unwrap()
            .iter()
            .any(|(user, _)| user.role == role))
    }

    async fn take_over(&self, old: UserId, new: User, hash: String) -> Result<(), Error> {
        let mut rows = self.rows.lock().unwrap();
        rows.retain(|(user, _)| user.id != old);
        rows.push((new, hash));
        Ok(())
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
