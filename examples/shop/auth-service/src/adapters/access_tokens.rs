//! Access tokens, as msf-auth signs them.

use std::time::Duration;

use msf_service::auth::token;
use msf_service::error::Error;

use crate::application::{AccessTokens, Account};

/// The client that every token of the shop is for: its own gateway.
const CLIENT: &str = "shop";

/// Tokens that are signed by this service's keys.
#[derive(Clone, Debug)]
pub(crate) struct Signed(pub(crate) token::AccessTokens);

impl AccessTokens for Signed {
    fn issue(&self, account: &Account, session: &str) -> Result<(String, Duration), Error> {
        let access = token::NewAccess::new(&account.id, session, CLIENT).role(&account.role);
        let issued = self.0.issue(&access)?;
        Ok((issued.token.expose().to_owned(), issued.expires_in))
    }
}
