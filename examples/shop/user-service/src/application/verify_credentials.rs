//! Whether a password is a user's.

use msf_service::error::{Error, Kind};
use msf_service::tracing;

use super::{Passwords, Users, Verdict};
use crate::domain::User;

/// Finds the user with an e-mail address and a password.
#[derive(Clone, Debug)]
pub struct VerifyCredentials<U, P> {
    users: U,
    passwords: P,
}

impl<U: Users, P: Passwords> VerifyCredentials<U, P> {
    /// Over these.
    pub fn new(users: U, passwords: P) -> Self {
        Self { users, passwords }
    }

    /// The user; an unknown address is the same answer as a wrong password, and takes as long.
    ///
    /// # Errors
    ///
    /// `credentials.wrong`, or what the store or the hashing say.
    pub async fn run(&self, email: &str, password: String) -> Result<User, Error> {
        let found = self.users.by_email(email).await?;
        let hash = found.as_ref().map(|found| found.hash.clone());
        let verdict = self.passwords.verify(password.clone(), hash).await?;
        let (Some(found), Verdict::Right { rehash }) = (found, verdict) else {
            let message = "e-mail address or password is wrong";
            return Err(Error::new(
                Kind::Unauthenticated,
                "credentials.wrong",
                message,
            ));
        };
        if rehash {
            self.strengthen(&found.user, found.hash, password).await;
        }
        Ok(found.user)
    }

    /// Only now is the password at hand. A login does not fail because this does.
    async fn strengthen(&self, user: &User, old: String, password: String) {
        let done = async {
            let new = self.passwords.hash(password).await?;
            self.users.replace_hash(user.id, old, new).await
        };
        if let Err(error) = done.await {
            tracing::warn!(user = %user.id, %error, "the hash of a password could not be strengthened");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::time::SystemTime;

    use msf_service::bus::Outgoing;

    use super::super::fakes::{InMemory, Marked};
    use super::*;
    use crate::domain::{Email, Name, Role};

    async fn with_user(
        users: InMemory,
        hash: &str,
    ) -> (VerifyCredentials<InMemory, Marked>, InMemory, Marked) {
        let (name, email) = (
            Name::parse("Ana").unwrap(),
            Email::parse("Ana@B.c").unwrap(),
        );
        let user = User::new(name, email, Role::User, SystemTime::UNIX_EPOCH);
        users
            .insert(user, hash.to_owned(), Outgoing::none())
            .await
            .unwrap();
        let passwords = Marked::default();
        (
            VerifyCredentials::new(users.clone(), passwords.clone()),
            users,
            passwords,
        )
    }

    #[tokio::test]
    async fn wrong_and_unknown_are_one_answer_and_as_much_work() {
        let (verify, _, passwords) = with_user(InMemory::default(), "new:right").await;
        let mut answers = Vec::new();
        for email in ["ana@b.c", "nobody@b.c", "no address"] {
            let before = passwords.work.load(Ordering::Relaxed);
            let error = verify.run(email, "wrong".to_owned()).await.unwrap_err();
            answers.push((
                error.to_string(),
                passwords.work.load(Ordering::Relaxed) - before,
            ));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].1, 1);
        let user = verify.run("ANA@b.C", "right".to_owned()).await.unwrap();
        assert_eq!(user.email.as_str(), "Ana@B.c");
    }

    #[tokio::test]
    async fn a_weak_hash_is_strengthened_by_the_login_and_does_not_break_it() {
        let (verify, users, _) = with_user(InMemory::default(), "old:right").await;
        verify.run("ana@b.c", "right".to_owned()).await.unwrap();
        assert_eq!(users.hash_of("ana@b.c").as_deref(), Some("new:right"));

        let (verify, users, _) = with_user(InMemory::read_only(), "old:right").await;
        verify.run("ana@b.c", "right".to_owned()).await.unwrap();
        assert_eq!(users.hash_of("ana@b.c").as_deref(), Some("old:right"));
    }
}
