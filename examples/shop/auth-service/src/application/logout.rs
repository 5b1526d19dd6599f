//! Ends a session.

use msf_service::auth::audit::{self, Event};
use msf_service::error::{Error, Kind};

use super::Sessions;
use super::invalid::required;

/// Ends sessions.
#[derive(Clone, Debug)]
pub struct Logout<S> {
    sessions: S,
}

impl<S: Sessions> Logout<S> {
    /// Over these.
    pub fn new(sessions: S) -> Self {
        Self { sessions }
    }

    /// Ends the session that `token` belongs to, where it is one of `caller`.
    ///
    /// # Errors
    ///
    /// `invalid` where it is empty, `refresh.invalid` for what is no token of the caller's, or what the store says.
    pub async fn run(&self, caller: &str, token: &str) -> Result<(), Error> {
        required(token)?;
        if self.sessions.subject(token)? != caller {
            let message = "the refresh token is not valid";
            return Err(Error::new(
                Kind::Unauthenticated,
                "refresh.invalid",
                message,
            ));
        }
        if let Some(session) = self.sessions.end(token).await? {
            audit::event(&Event::Logout {
                subject: caller,
                session: &session,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fakes::World;
    use super::*;

    #[tokio::test]
    async fn one_ends_ones_own_session_and_no_other() {
        let world = World::default();
        let logout = Logout::new(world.clone());
        for other in ["bo/0", "junk"] {
            let refused = logout.run("ana", other).await.unwrap_err();
            assert_eq!(refused.code(), "refresh.invalid", "{other}");
        }
        assert!(world.done().is_empty());
        logout.run("ana", "ana/7").await.unwrap();
        assert_eq!(world.done(), ["end ana/7"]);
    }
}
