//! A new pair of tokens for an old refresh token.

use msf_service::auth::audit::{self, Event};
use msf_service::error::{Error, Kind};

use super::invalid::required;
use super::{AccessTokens, Directory, Sessions, Tokens};

/// Goes on with sessions.
#[derive(Clone, Debug)]
pub struct Refresh<D, S, A> {
    directory: D,
    sessions: S,
    access_tokens: A,
}

impl<D: Directory, S: Sessions, A: AccessTokens> Refresh<D, S, A> {
    /// Over these.
    pub fn new(directory: D, sessions: S, access_tokens: A) -> Self {
        Self {
            directory,
            sessions,
            access_tokens,
        }
    }

    /// Replaces the token. Role and existence of the user are read anew, and before: a token that was replaced while the
    /// user-service is down would be lost to its owner.
    ///
    /// # Errors
    ///
    /// `invalid` where it is empty, `refresh.invalid`, or what the user-service or the store say.
    pub async fn run(&self, token: &str) -> Result<Tokens, Error> {
        required(token)?;
        let subject = self.sessions.subject(token)?;
        let Some(account) = self.directory.account(&subject).await? else {
            let message = "the refresh token is not valid";
            return Err(Error::new(
                Kind::Unauthenticated,
                "refresh.invalid",
                message,
            ));
        };
        let renewed = self.sessions.renew(token).await?;
        let (subject, session) = (&*renewed.subject, &*renewed.session);
        audit::event(&Event::TokenCreated { subject, session });
        let (access_token, expires_in) = self.access_tokens.issue(&account, &renewed.session)?;
        Ok(Tokens {
            access_token,
            refresh_token: renewed.refresh_token,
            expires_in,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fakes::World;
    use super::*;

    async fn refresh(world: &World, token: &str) -> Result<Tokens, Error> {
        Refresh::new(world.clone(), world.clone(), world.clone())
            .run(token)
            .await
    }

    #[tokio::test]
    async fn the_user_is_looked_up_before_the_token_is_replaced() {
        let world = World::default();
        let tokens = refresh(&world, "ana/0").await.unwrap();
        assert_eq!(tokens.refresh_token, "ana/0+");
        assert_eq!(world.done(), ["account", "renew"]);
    }

    #[tokio::test]
    async fn a_token_is_not_replaced_where_nobody_could_have_its_successor() {
        for (world, code) in [
            (
                World {
                    down: true,
                    ..World::default()
                },
                "unavailable",
            ),
            (
                World {
                    gone: true,
                    ..World::default()
                },
                "refresh.invalid",
            ),
        ] {
            assert_eq!(refresh(&world, "ana/0").await.unwrap_err().code(), code);
            assert_eq!(world.done(), ["account"]);
        }
        let world = World::default();
        assert_eq!(
            refresh(&world, "junk").await.unwrap_err().code(),
            "refresh.invalid"
        );
        assert_eq!(refresh(&world, "").await.unwrap_err().code(), "invalid");
        assert!(world.done().is_empty());
    }
}
