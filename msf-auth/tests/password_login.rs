//! Register, log in, refresh, log out, put together as the book does.
#![cfg(feature = "sqlite")]

use std::collections::HashMap;
use std::sync::Mutex;

use msf_auth::attempts::FailedLogins;
use msf_auth::password::{Params, Password, PasswordHash, PasswordPool, Verdict, check};
use msf_auth::refresh::{Begun, RefreshKey, SessionPolicy, Sessions, SqliteSessions};
use msf_core::BoxError;
use msf_core::clock::Clock;
use msf_core::error::{Error, Kind};

/// Stands for the table of users.
#[derive(Default)]
struct Users(Mutex<HashMap<String, PasswordHash>>);

impl Users {
    fn hash_of(&self, email: &str) -> Option<PasswordHash> {
        self.0.lock().unwrap().get(email).cloned()
    }

    fn set_hash(&self, email: &str, hash: PasswordHash) {
        self.0.lock().unwrap().insert(email.to_owned(), hash);
    }
}

// ANCHOR: parts
struct Accounts {
    users: Users,
    passwords: PasswordPool,
    failed_logins: FailedLogins,
    sessions: Sessions,
}

fn accounts(data: &std::path::Path) -> Result<Accounts, BoxError> {
    let store = SqliteSessions::open(data.join("sessions.db"))?;
    let key = RefreshKey::open(data)?;
    Ok(Accounts {
        users: Users::default(),
        passwords: PasswordPool::new(Params::default())?,
        failed_logins: FailedLogins::per_minute(10),
        sessions: Sessions::new(store, key, SessionPolicy::default(), Clock::system()),
    })
}
// ANCHOR_END: parts

impl Accounts {
    // ANCHOR: register
    async fn register(&self, email: &str, name: &str, password: String) -> Result<(), Error> {
        let violations = check(&password, &[email, name]);
        if !violations.is_empty() {
            return Err(Error::of(Kind::Invalid).with_fields(violations));
        }
        let hash = self.passwords.hash(&Password::new(password)?).await?;
        self.users.set_hash(email, hash); // stores hash.expose()
        Ok(())
    }
    // ANCHOR_END: register

    // ANCHOR: login
    async fn log_in(&self, email: &str, password: String) -> Result<Begun, Error> {
        let password = Password::new(password)?;
        let attempt = self.failed_logins.acquire(email).await?;
        let stored = self.users.hash_of(email);
        match self.passwords.verify(&password, stored.as_ref()).await {
            Ok(Verdict::Right { rehash }) => {
                attempt.succeeded();
                // Where the pool is too busy for it, the next login makes it.
                if rehash && let Ok(hash) = self.passwords.hash(&password).await {
                    self.users.set_hash(email, hash);
                }
                self.sessions.begin(email).await
            }
            Ok(Verdict::Wrong) => {
                attempt.failed();
                Err(wrong_credentials())
            }
            Err(error) => {
                attempt.not_checked();
                Err(error)
            }
        }
    }
    // ANCHOR_END: login

    // ANCHOR: refresh
    async fn refresh(&self, token: &str) -> Result<String, Error> {
        let email = self.sessions.peek(token)?; // junk ends here
        if self.users.hash_of(&email).is_none() {
            self.sessions.end_all(&email).await?;
            return Err(wrong_credentials());
        }
        let refreshed = self.sessions.refresh(token).await?;
        Ok(refreshed.token.expose().to_owned()) // with an access token whose `sid` is refreshed.session
    }
    // ANCHOR_END: refresh
}

fn wrong_credentials() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "login.wrong",
        "e-mail or password is wrong",
    )
}

const EMAIL: &str = "ana@example.com";

fn password() -> String {
    "a walk in the snow".to_owned()
}

#[tokio::test]
async fn register_log_in_refresh_log_out() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = accounts(folder.path()).unwrap();
    let common = accounts
        .register(EMAIL, "Ana", "password1".to_owned())
        .await
        .unwrap_err();
    assert_eq!(common.fields()[0].code(), "password.common");
    accounts.register(EMAIL, "Ana", password()).await.unwrap();

    let begun = accounts.log_in(EMAIL, password()).await.unwrap();
    let second = accounts.refresh(begun.token.expose()).await.unwrap();
    assert!(accounts.sessions.end(&second).await.unwrap().is_some());
    assert_eq!(
        accounts.refresh(&second).await.unwrap_err().code(),
        "refresh.invalid"
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_one_answer_ten_times_and_a_429_then() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = accounts(folder.path()).unwrap();
    accounts.register(EMAIL, "Ana", password()).await.unwrap();
    for email in [EMAIL, "nobody@example.com"] {
        for _ in 0..10 {
            let error = accounts
                .log_in(email, "a walk in the rain".to_owned())
                .await
                .unwrap_err();
            assert_eq!(
                (error.kind().http_status().as_u16(), error.code()),
                (401, "login.wrong")
            );
        }
        let error = accounts.log_in(email, password()).await.unwrap_err();
        assert_eq!(
            (error.kind().http_status().as_u16(), error.code()),
            (429, "login.too_many_failures")
        );
    }
}

#[tokio::test]
async fn a_weak_hash_is_made_anew_at_the_next_login() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = accounts(folder.path()).unwrap();
    let weak = PasswordPool::new(Params::new(64, 1, 1).unwrap()).unwrap();
    let weak = weak
        .hash(&Password::new(password()).unwrap())
        .await
        .unwrap();
    accounts.users.set_hash(EMAIL, weak);
    accounts.log_in(EMAIL, password()).await.unwrap();
    assert_eq!(
        accounts.users.hash_of(EMAIL).unwrap().params(),
        Params::default()
    );
    accounts.log_in(EMAIL, password()).await.unwrap();
}

#[tokio::test]
async fn a_user_that_is_gone_refreshes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = accounts(folder.path()).unwrap();
    accounts.register(EMAIL, "Ana", password()).await.unwrap();
    let begun = accounts.log_in(EMAIL, password()).await.unwrap();
    accounts.users.0.lock().unwrap().clear();
    assert!(accounts.refresh(begun.token.expose()).await.is_err());
    accounts.users.set_hash(
        EMAIL,
        PasswordPool::new(Params::default())
            .unwrap()
            .hash(&Password::new(password()).unwrap())
            .await
            .unwrap(),
    );
    assert_eq!(
        accounts
            .refresh(begun.token.expose())
            .await
            .unwrap_err()
            .code(),
        "refresh.invalid"
    );
}
