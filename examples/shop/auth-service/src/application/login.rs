//! Begins a session for whoever knows an e-mail address and its password.

use msf_service::auth::audit::{self, Event};
use msf_service::error::{Error, Kind};

use super::invalid::invalid;
use super::{AccessTokens, Attempt, Directory, FailedLogins, Sessions, Tokens};
use crate::domain::Credentials;

/// Begins sessions.
#[derive(Clone, Debug)]
pub struct Login<D, S, A, F> {
    directory: D,
    sessions: S,
    access_tokens: A,
    failed_logins: F,
}

impl<D: Directory, S: Sessions, A: AccessTokens, F: FailedLogins> Login<D, S, A, F> {
    /// Over these.
    pub fn new(directory: D, sessions: S, access_tokens: A, failed_logins: F) -> Self {
        Self {
            directory,
            sessions,
            access_tokens,
            failed_logins,
        }
    }

    /// Checks the credentials and begins a session.
    ///
    /// # Errors
    ///
    /// `invalid` for fields that can be nobody's, `credentials.wrong`, `too_many_requests` with the time to wait, or what
    /// the user-service or the store say.
    pub async fn run(&self, email: String, password: String) -> Result<Tokens, Error> {
        let credentials = Credentials::new(email, password).map_err(invalid)?;
        let attempt = self.failed_logins.attempt(&credentials.account()).await;
        let attempt = attempt.inspect_err(|error| {
            if error.kind() == Kind::TooManyRequests {
                audit::event(&Event::LoginFailMax { subject: None });
            }
        })?;
        let email = credentials.email().to_owned();
        let verified = self.directory.verify(&email, credentials.into_password());
        let account = match verified.await {
            Ok(Some(account)) => account,
            Ok(None) => {
                let reason = "credentials";
                audit::event(&Event::LoginFail {
                    subject: None,
                    reason,
                });
                return Err(wrong());
            }
            Err(error) => {
                attempt.undecided();
                return Err(error);
            }
        };
        attempt.succeeded();
        let begun = self.sessions.begin(&account.id).await?;
        let (subject, session) = (&*account.id, &*begun.session);
        audit::event(&Event::LoginSuccess { subject, session });
        let (access_token, expires_in) = self.access_tokens.issue(&account, &begun.session)?;
        Ok(Tokens {
            access_token,
            refresh_token: begun.refresh_token,
            expires_in,
        })
    }
}

/// One answer, whichever of the two is wrong.
fn wrong() -> Error {
    let message = "e-mail address or password is wrong";
    Error::new(Kind::Unauthenticated, "credentials.wrong", message)
}

#[cfg(test)]
mod tests {
    use super::super::fakes::World;
    use super::*;

    async fn login(world: &World, email: &str, password: &str) -> Result<Tokens, Error> {
        let world = || world.clone();
        let login = Login::new(world(), world(), world(), world());
        login.run(email.to_owned(), password.to_owned()).await
    }

    #[tokio::test]
    async fn an_attempt_is_taken_before_the_password_is_looked_at_and_given_back_after() {
        let world = World::default();
        let tokens = login(&world, "ana@b.c", "right").await.unwrap();
        assert_eq!(
            (&*tokens.access_token, &*tokens.refresh_token),
            ("ana user s", "ana/0")
        );
        assert_eq!(
            world.done(),
            ["attempt ana@b.c", "verify", "succeeded", "begin"]
        );
    }

    #[tokio::test]
    async fn what_fails_counts_and_what_nobody_looked_at_does_not() {
        let world = World::default();
        let wrong = login(&world, "Ana@b.c", "wrong").await.unwrap_err();
        assert_eq!(wrong.code(), "credentials.wrong");
        assert_eq!(world.done(), ["attempt ana@b.c", "verify", "failed"]);

        let down = World {
            down: true,
            ..World::default()
        };
        let error = login(&down, "ana@b.c", "right").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert_eq!(down.done(), ["attempt ana@b.c", "verify", "undecided"]);
    }

    #[tokio::test]
    async fn what_can_be_nobodys_is_not_even_an_attempt() {
        let world = World::default();
        let invalid = login(&world, "", &"x".repeat(1025)).await.unwrap_err();
        let codes: Vec<_> = invalid
            .fields()
            .iter()
            .map(|field| field.code().to_owned())
            .collect();
        assert_eq!(codes, ["required", "password.too_long"]);
        assert!(world.done().is_empty());
    }
}
