//! The bound on failed logins, as msf-auth counts them.

use msf_service::auth::attempts;
use msf_service::error::Error;

use crate::application::{Attempt, FailedLogins};

/// Counts in memory.
#[derive(Clone, Debug)]
pub(crate) struct Counted(pub(crate) attempts::FailedLogins);

impl FailedLogins for Counted {
    type Attempt = attempts::Attempt;

    async fn attempt(&self, account: &str) -> Result<attempts::Attempt, Error> {
        self.0.acquire(account).await
    }
}

impl Attempt for attempts::Attempt {
    fn succeeded(self) {
        attempts::Attempt::succeeded(self);
    }

    fn undecided(self) {
        self.not_checked();
    }
}
