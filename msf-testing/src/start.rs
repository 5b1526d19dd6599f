//! Starts an app on a free port.

use std::path::PathBuf;
use std::sync::Arc;

use msf_core::clock::{Clock, FakeClock};
use msf_service::client::Local;
use msf_service::embed::Embed;
use msf_service::{App, Boot, ClientSettings, Profile, ServiceSettings};

use crate::capture::Capture;
use crate::principal::{Passport, TestAuthenticator};
use crate::started::Started;

/// Starts an app with this configuration on a free port of loopback.
///
/// # Errors
///
/// Those of the app's function, and of its start.
pub async fn start<C, F>(app: F, config: C) -> msf_service::Result<Started>
where
    F: AsyncFnOnce(Boot<C>) -> msf_service::Result<App>,
{
    Start::named("app").start(app, config).await
}

/// How an app is started in a test.
///
/// ```no_run
/// # async fn app(_: msf_service::Boot<()>) -> msf_service::Result<msf_service::App> { Ok(msf_service::App::new()) }
/// # async fn test() -> msf_service::Result<()> {
/// use msf_testing::{FakeClock, Start};
/// use std::time::SystemTime;
///
/// let clock = FakeClock::new(SystemTime::UNIX_EPOCH);
/// let users = Start::named("user-service").clock(&clock).start(app, ()).await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Start {
    name: Arc<str>,
    profile: Profile,
    clock: Clock,
    local: Local,
    settings: ServiceSettings,
    data_dir: Option<PathBuf>,
}

impl Start {
    /// An app with this name: the label `service` of its logs and metrics.
    pub fn named(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            profile: Profile::Dev,
            clock: Clock::system(),
            local: Local::new(),
            settings: ServiceSettings::default(),
            data_dir: None,
        }
    }

    /// Takes the defaults of this profile; `dev` unless said otherwise.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Gives the app a clock that the test sets.
    pub fn clock(mut self, clock: &FakeClock) -> Self {
        self.clock = clock.clock();
        self
    }

    /// Lets the app find others of the same test in process, be found, and share its events with them.
    ///
    /// The events lie in the data folder of the app that used them first.
    pub fn local(mut self, local: &Local) -> Self {
        self.local = local.clone();
        self
    }

    /// Lets the app call the service at `url`, over TCP, as `boot.client(name)`.
    pub fn client(mut self, name: &str, url: impl Into<String>) -> Self {
        let client = ClientSettings::new(url);
        self.settings.clients.insert(name.to_owned(), client);
        self
    }

    /// Keeps embedded stores in this folder. Default: a temporary one, which ends with the app.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(path.into());
        self
    }

    /// Changes limits and the like.
    pub fn settings(mut self, change: impl FnOnce(&mut ServiceSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Starts the app.
    ///
    /// # Errors
    ///
    /// Those of the app's function, and of its start.
    pub async fn start<C, F>(self, app: F, config: C) -> msf_service::Result<Started>
    where
        F: AsyncFnOnce(Boot<C>) -> msf_service::Result<App>,
    {
        let capture = Capture::current()?;
        let passport = Passport::new();
        let mut embed = Embed::with_settings(self.name, self.settings)
            .profile(self.profile)
            .clock(self.clock)
            .local(&self.local);
        if let Some(folder) = self.data_dir {
            embed = embed.data_dir(folder);
        }
        let app = app(embed.boot(config)).await?;
        let theirs = passport.clone();
        let app = app.wrap_authenticator(|inner| TestAuthenticator {
            passport: theirs,
            inner,
        });
        Ok(Started::new(embed.start(app).await?, passport, capture))
    }
}
