//! Runs one app inside a program that owns its runtime, signals and telemetry: a test, or a host of your own.
//!
//! [`run`](crate::run) and [`Host`](crate::Host) do this for a whole process, and install what is global there; here
//! nothing is.
//!
//! ```
//! use msf_service::{App, Rule, embed::Embed, http::Routes};
//! use std::time::Duration;
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let app = App::new().http(Routes::new().get("/", Rule::public("the front page"), || async { "hello" }));
//! let running = Embed::new("hello").start(app).await.unwrap();
//! println!("http://{}", running.http());
//! running.stop(Duration::from_secs(1)).await;
//! # });
//! ```

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(feature = "bus")]
use std::sync::atomic::AtomicBool;

use msf_core::clock::Clock;
use msf_core::health::{Health, State};
use msf_core::settings::Sources;
use tokio::sync::mpsc;

use crate::app::Assembled;
use crate::boot::{BootPart, Owner};
use crate::client::Local;
use crate::clients::Clients;
use crate::data_dir::DataDir;
use crate::edge::{Options, Server, tls};
#[cfg(feature = "bus")]
use crate::events::AppEvents;
use crate::running::Bound;
use crate::stack::Bounds;
use crate::{Announcer, App, Boot, Profile, ServiceSettings};

pub use crate::running::{Running, Stopped};

/// How an app is to run. Default: profile `dev`, a free port on loopback, default limits, the system's clock.
#[derive(Debug)]
#[must_use]
pub struct Embed {
    name: Arc<str>,
    profile: Profile,
    clock: Clock,
    local: Local,
    settings: ServiceSettings,
    listen: SocketAddr,
    clients: Clients,
    data_dir: DataDir,
    announcer: Announcer,
    owner: Owner,
    #[cfg(feature = "bus")]
    asked_for_events: Arc<AtomicBool>,
}

impl Embed {
    /// An app called `name`.
    ///
    /// # Panics
    ///
    /// Never: the settings of a service all have defaults, and a test holds them to it.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self::with_settings(name, ServiceSettings::default())
    }

    /// An app called `name` with these settings; `http.listen` defaults to a free port on loopback.
    pub fn with_settings(name: impl Into<Arc<str>>, settings: ServiceSettings) -> Self {
        let (name, local) = (name.into(), Local::new());
        let listen = settings
            .http
            .listen
            .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let clients = Clients::new(Arc::clone(&name), settings.clients.clone(), local.clone());
        let owner = Owner {
            program: Arc::clone(&name),
            table: None,
            looked_at: false,
        };
        Self {
            name,
            profile: Profile::Dev,
            clock: Clock::system(),
            local,
            settings,
            listen,
            clients,
            data_dir: DataDir::ephemeral(),
            announcer: Announcer::default(),
            owner,
            #[cfg(feature = "bus")]
            asked_for_events: Arc::default(),
        }
    }

    /// Listens here.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Takes the defaults of this profile.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Tells the time by this clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Finds the apps that are registered here in process, is found by them, and shares its events with them.
    pub fn local(mut self, local: &Local) -> Self {
        self.local = local.clone();
        self.clients = Clients::new(
            Arc::clone(&self.name),
            self.settings.clients.clone(),
            local.clone(),
        );
        self
    }

    /// Keeps embedded stores in this folder. Default: a temporary one, which ends with the app.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = DataDir::kept(path.into());
        self
    }

    /// Shares the data folder and the announcements of a process, whose settings have this owner.
    pub(crate) fn of_process(
        mut self,
        data_dir: DataDir,
        announcer: Announcer,
        owner: Owner,
    ) -> Self {
        (self.data_dir, self.announcer, self.owner) = (data_dir, announcer, owner);
        self
    }

    /// Knows which apps the process will have, so that others are refused at once.
    pub(crate) fn hosted(mut self, apps: Arc<BTreeSet<String>>) -> Self {
        self.clients = self.clients.hosted(apps);
        self
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.settings.http.tls.is_some()
    }

    /// Puts the app together without opening a port.
    pub(crate) fn assemble(&self, app: App, health: &Health) -> crate::Result<Assembled> {
        let limits = &self.settings.limits;
        let bounds = Bounds {
            body: usize::try_from(limits.body.bytes()).unwrap_or(usize::MAX),
            in_flight: limits.requests_in_flight(),
            deadline: limits.deadline,
            auth_failures: limits.auth_failures,
        };
        app.assemble(
            &self.name,
            self.profile,
            bounds,
            health,
            #[cfg(feature = "bus")]
            &self.events(),
        )
    }

    /// What the app's function gets.
    pub fn boot<C>(&self, config: C) -> Boot<C> {
        Boot::new(
            config,
            Arc::clone(&self.name),
            self.profile,
            BootPart {
                clock: self.clock.clone(),
                clients: self.clients.clone(),
                data_dir: self.data_dir.clone(),
                announcer: self.announcer.of(Arc::clone(&self.name)),
                owner: self.owner.clone(),
                #[cfg(feature = "bus")]
                events: self.events(),
            },
        )
    }

    #[cfg(feature = "bus")]
    fn events(&self) -> AppEvents {
        AppEvents {
            service: Arc::clone(&self.name),
            backend: self.settings.events.backend,
            local: self.local.clone(),
            data_dir: self.data_dir.clone(),
            clock: self.clock.clone(),
            asked: Arc::clone(&self.asked_for_events),
        }
    }

    /// Binds the port and starts the app; it is ready when this returns.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, a certificate cannot be read, or the app cannot be put together.
    pub async fn start(self, app: App) -> crate::Result<Running> {
        let mut bound = self.bind(app).await?;
        bound.on_start().await?;
        let (sender, failures) = mpsc::unbounded_channel();
        let running = bound.serve(&sender).with_failures(failures);
        running.health().set_state(State::Ready);
        Ok(running)
    }

    /// Does all of a start that can fail.
    pub(crate) async fn bind(self, app: App) -> crate::Result<Bound> {
        let health = Health::new();
        let assembled = self.assemble(app, &health)?;
        let tls = match &self.settings.http.tls {
            Some(files) => Some(tls::load(&files.certificate, &files.key)?),
            None => None,
        };
        let service = self.name.to_string().into();
        let header_time = self.settings.limits.header_time;
        let options = Options {
            service,
            header_time,
            tls,
            ..Options::default()
        };
        let server = Server::bind(self.listen, options).await?;
        Ok(Bound {
            name: self.name,
            local: self.local,
            health,
            data_dir: self.data_dir,
            assembled,
            server,
        })
    }
}

impl Default for ServiceSettings {
    fn default() -> Self {
        // No source is read, so nothing but a default can be wrong; the test below holds them all to be right.
        match Sources::for_app("service").load() {
            Ok(loaded) => loaded.value,
            Err(mistakes) => unreachable!("the defaults of a service are wrong: {mistakes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_setting_of_a_service_has_a_default() {
        let settings = crate::ServiceSettings::default();
        assert_eq!(settings.limits.body.bytes(), 1 << 20);
    }
}
