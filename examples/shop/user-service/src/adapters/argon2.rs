//! Passwords on the pool of msf-auth.

use msf_service::auth::password::{self, Password, PasswordPool};
use msf_service::error::Error;

use crate::application::{Passwords, Verdict};
use crate::domain::Violation;

/// Argon2id, and the rules for new passwords. A clone is the same pool.
#[derive(Clone, Debug)]
pub(crate) struct Argon2Passwords {
    pool: PasswordPool,
}

impl Argon2Passwords {
    /// Over this pool.
    pub(crate) fn new(pool: PasswordPool) -> Self {
        Self { pool }
    }
}

impl Passwords for Argon2Passwords {
    fn check(&self, password: &str, about: &[&str]) -> Vec<Violation> {
        password::check(password, about)
            .into_iter()
            .map(|broken| {
                let (code, message) = (broken.code().to_owned(), broken.message().to_owned());
                Violation::new("password", code, message)
            })
            .collect()
    }

    async fn hash(&self, password: String) -> Result<String, Error> {
        let hash = self.pool.hash(&Password::new(password)?).await?;
        Ok(hash.expose().to_owned())
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<Verdict, Error> {
        let hash = hash.as_deref().map(str::parse).transpose()?;
        let verdict = self
            .pool
            .verify(&Password::new(password)?, hash.as_ref())
            .await?;
        Ok(match verdict {
            password::Verdict::Right { rehash } => Verdict::Right { rehash },
            password::Verdict::Wrong => Verdict::Wrong,
        })
    }
}
