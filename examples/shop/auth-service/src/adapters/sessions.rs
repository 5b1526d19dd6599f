//! Sessions, as msf-auth keeps them.

use msf_service::auth::refresh;
use msf_service::error::Error;

use crate::application::{Begun, Renewed, Sessions};

/// Sessions in a store.
#[derive(Clone, Debug)]
pub(crate) struct Kept(pub(crate) refresh::Sessions);

impl Sessions for Kept {
    async fn begin(&self, subject: &str) -> Result<Begun, Error> {
        let begun = self.0.begin(subject).await?;
        Ok(Begun {
            session: begun.session.to_string(),
            refresh_token: begun.token.expose().to_owned(),
        })
    }

    fn subject(&self, token: &str) -> Result<String, Error> {
        self.0.peek(token)
    }

    async fn renew(&self, token: &str) -> Result<Renewed, Error> {
        let refreshed = self.0.refresh(token).await?;
        Ok(Renewed {
            subject: refreshed.subject,
            session: refreshed.session.to_string(),
            refresh_token: refreshed.token.expose().to_owned(),
        })
    }

    async fn end(&self, token: &str) -> Result<Option<String>, Error> {
        let ended = self.0.end(token).await?;
        Ok(ended.map(|ended| ended.session.to_string()))
    }

    async fn end_all(&self, subject: &str) -> Result<usize, Error> {
        Ok(self.0.end_all(subject).await?.len())
    }
}
