//! What a service gets to make its app from.

use std::fmt;
use std::sync::Arc;

use msf_core::clock::Clock;

use crate::Profile;
use crate::client::Channel;
use crate::clients::Clients;

/// Everything a service may use to make its [`App`](crate::App): its settings, and capabilities of the process.
///
/// Nothing is global: two apps in one process each get their own, and a test makes one with a fake clock.
///
/// ```
/// use msf_service::{App, Boot};
/// async fn app(boot: Boot<()>) -> msf_service::Result<App> {
///     let users = boot.client("user-service")?;
///     # let _ = users;
///     Ok(App::new())
/// }
/// ```
#[non_exhaustive]
pub struct Boot<C> {
    /// The service's own settings.
    pub config: C,
    name: Arc<str>,
    profile: Profile,
    clock: Clock,
    clients: Clients,
}

impl<C> Boot<C> {
    pub(crate) fn new(
        config: C,
        name: Arc<str>,
        profile: Profile,
        clock: Clock,
        clients: Clients,
    ) -> Self {
        Self {
            config,
            name,
            profile,
            clock,
            clients,
        }
    }

    /// The same, with other settings.
    pub(crate) fn with_config<D>(self, config: D) -> Boot<D> {
        Boot::new(config, self.name, self.profile, self.clock, self.clients)
    }

    /// The name of the service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the defaults are those of development or of production.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The clock to ask for the time of day; a test sets it.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A channel to another service: in process where it runs in this one, else at `clients.NAME.url`.
    ///
    /// Nothing is connected yet; the first call does that, so the order in which services start does not matter.
    ///
    /// # Errors
    ///
    /// Neither is it an app of this process, nor is there a usable URL in the settings.
    pub fn client(&self, name: &str) -> crate::Result<Channel> {
        self.clients.channel(name)
    }
}

impl<C> fmt::Debug for Boot<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boot")
            .field("name", &self.name)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}
