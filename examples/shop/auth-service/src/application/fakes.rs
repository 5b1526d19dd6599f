//! The outside of the use cases in memory, for tests: it notes what was done, in its order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use msf_service::error::{Error, Kind};

use super::{AccessTokens, Account, Attempt, Begun, Directory, FailedLogins, Renewed, Sessions};

/// All ports at once. One user, `ana@b.c`, whose password is `right`; a token is `SUBJECT/N`.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) done: Arc<Mutex<Vec<String>>>,
    /// Whether the user-service does not answer.
    pub(super) down: bool,
    /// Whether the user is gone.
    pub(super) gone: bool,
}

impl World {
    fn note(&self, what: impl Into<String>) {
        self.done.lock().unwrap().push(what.into());
    }

    pub(super) fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }

    fn ana(&self) -> Result<Option<Account>, Error> {
        if self.down {
            return Err(Error::of(Kind::Unavailable));
        }
        let ana = Account {
            id: "ana".to_owned(),
            role: "user".to_owned(),
        };
        Ok((!self.gone).then_some(ana))
    }
}

impl Directory for World {
    async fn verify(&self, email: &str, password: String) -> Result<Option<Account>, Error> {
        self.note("verify");
        let found = self.ana()?;
        Ok(found.filter(|_| email == "ana@b.c" && password == "right"))
    }

    async fn account(&self, id: &str) -> Result<Option<Account>, Error> {
        self.note("account");
        let found = self.ana()?;
        Ok(found.filter(|_| id == "ana"))
    }
}

impl Sessions for World {
    async fn begin(&self, subject: &str) -> Result<Begun, Error> {
        self.note("begin");
        Ok(Begun {
            session: "s".to_owned(),
            refresh_token: format!("{subject}/0"),
        })
    }

    fn subject(&self, token: &str) -> Result<String, Error> {
        let subject = token.split_once('/').map(|(subject, _)| subject.to_owned());
        subject.ok_or_else(|| Error::new(Kind::Unauthenticated, "refresh.invalid", "not valid"))
    }

    async fn renew(&self, token: &str) -> Result<Renewed, Error> {
        self.note("renew");
        Ok(Renewed {
            subject: self.subject(token)?,
            session: "s".to_owned(),
            refresh_token: format!("{token}+"),
        })
    }

    async fn end(&self, token: &str) -> Result<Option<String>, Error> {
        self.note(format!("end {token}"));
        Ok(Some("s".to_owned()))
    }

    async fn end_all(&self, subject: &str) -> Result<usize, Error> {
        self.note(format!("end all of {subject}"));
        Ok(1)
    }
}

impl AccessTokens for World {
    fn issue(&self, account: &Account, session: &str) -> Result<(String, Duration), Error> {
        let token = format!("{} {} {session}", account.id, account.role);
        Ok((token, Duration::from_secs(600)))
    }
}

impl FailedLogins for World {
    type Attempt = Noted;

    async fn attempt(&self, account: &str) -> Result<Noted, Error> {
        self.note(format!("attempt {account}"));
        Ok(Noted(self.clone(), "failed"))
    }
}

/// An attempt that notes how it ended.
pub(super) struct Noted(World, &'static str);

impl Attempt for Noted {
    fn succeeded(mut self) {
        self.1 = "succeeded";
    }

    fn undecided(mut self) {
        self.1 = "undecided";
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}
