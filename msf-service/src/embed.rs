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
use std::sync::Arc;
use std::time::Duration;

use msf_core::clock::Clock;
use msf_core::component::AdminPage;
use msf_core::health::{Health, State};
use msf_core::settings::Sources;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::Assembled;
use crate::client::Local;
use crate::clients::Clients;
use crate::edge::{Options, Server, Stop, tls};
use crate::lifecycle::{Cause, Serving, Timetable};
use crate::stack::Bounds;
use crate::{AccessRow, App, Boot, Profile, ServiceSettings};

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
}

/// An app that runs. Dropping it cuts what is in hand; [`Running::stop`] ends it in order.
#[derive(Debug)]
pub struct Running {
    http: SocketAddr,
    rows: Vec<AccessRow>,
    pages: Vec<AdminPage>,
    serving: Serving,
    failures: Option<mpsc::UnboundedReceiver<Cause>>,
}

/// How a stop went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Connections that had to be cut.
    pub cut: usize,
    /// Components that did not end in time, by name.
    pub unfinished: Vec<String>,
    /// Components that failed before or while they stopped, each with its reason.
    pub failed: Vec<String>,
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
        Self {
            name,
            profile: Profile::Dev,
            clock: Clock::system(),
            local,
            settings,
            listen,
            clients,
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

    /// Finds the apps that are registered here in process, and is found by them.
    pub fn local(mut self, local: &Local) -> Self {
        self.local = local.clone();
        self.clients = Clients::new(
            Arc::clone(&self.name),
            self.settings.clients.clone(),
            local.clone(),
        );
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
        };
        app.assemble(&self.name, self.profile, bounds, health)
    }

    /// What the app's function gets.
    pub fn boot<C>(&self, config: C) -> Boot<C> {
        Boot::new(
            config,
            Arc::clone(&self.name),
            self.profile,
            self.clock.clone(),
            self.clients.clone(),
        )
    }

    /// Binds the port and starts the app; it is ready when this returns.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, a certificate cannot be read, or the app cannot be put together.
    pub async fn start(self, app: App) -> crate::Result<Running> {
        let bound = self.bind(app).await?;
        let (sender, failures) = mpsc::unbounded_channel();
        let mut running = bound.serve(&sender);
        running.failures = Some(failures);
        running.serving.health().set_state(State::Ready);
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
            assembled,
            server,
        })
    }
}

/// An app whose port is bound and which nobody serves yet.
pub(crate) struct Bound {
    name: Arc<str>,
    local: Local,
    health: Health,
    assembled: Assembled,
    server: Server,
}

impl Bound {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.server.local_addr()
    }

    pub(crate) fn access(&self) -> &[AccessRow] {
        &self.assembled.rows
    }

    pub(crate) fn pages(&self) -> &[AdminPage] {
        &self.assembled.pages
    }

    /// Serves it; whatever fails reports to `failed`.
    pub(crate) fn serve(self, failed: &mpsc::UnboundedSender<Cause>) -> Running {
        let Self {
            name,
            local,
            health,
            assembled,
            server,
        } = self;
        let http = server.local_addr();
        let stop = Stop::new();
        let registration = local.register(Arc::clone(&name), assembled.service.clone());
        let serve = server.serve(assembled.service, stop.clone());
        let serving = Serving::start(
            name,
            health,
            stop,
            serve,
            registration,
            assembled.components,
            failed,
        );
        Running {
            http,
            rows: assembled.rows,
            pages: assembled.pages,
            serving,
            failures: None,
        }
    }
}

impl Running {
    /// Where HTTP and gRPC are answered.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// The name of the app.
    pub fn name(&self) -> &str {
        self.serving.name()
    }

    /// Every RPC and route with its rule.
    pub fn access(&self) -> &[AccessRow] {
        &self.rows
    }

    /// Its health: state and checks.
    pub fn health(&self) -> &Health {
        self.serving.health()
    }

    /// The pages that its components bring for an admin port.
    pub fn pages(&self) -> &[AdminPage] {
        &self.pages
    }

    /// Waits until a component ends by itself, and says which and why.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called anew.
    pub async fn failed(&mut self) -> String {
        let cause = match &mut self.failures {
            Some(failures) => failures.recv().await,
            None => None,
        };
        match cause.as_ref().and_then(told) {
            Some(told) => told,
            None => std::future::pending().await,
        }
    }

    /// Stops it in order, within `grace`.
    pub async fn stop(mut self, grace: Duration) -> Stopped {
        let failures = self.failures.take();
        self.announce();
        let timetable = Timetable::start(grace, Duration::ZERO, CancellationToken::new());
        let mut stopped = self.drain(&timetable).await;
        let failures = failures
            .into_iter()
            .flat_map(|mut failures| std::iter::from_fn(move || failures.try_recv().ok()));
        stopped
            .failed
            .extend(failures.filter_map(|cause| told(&cause)));
        stopped
    }

    pub(crate) fn stop_messages(&self) {
        self.serving.stop_messages();
    }

    pub(crate) fn announce(&self) {
        self.serving.announce();
    }

    pub(crate) async fn drain(self, timetable: &Timetable) -> Stopped {
        let outcome = self.serving.drain(timetable).await;
        Stopped {
            cut: outcome.cut,
            unfinished: outcome.unfinished,
            failed: Vec::new(),
        }
    }
}

fn told(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Failed { part, why, .. } => Some(format!("component `{part}` failed: {why}")),
        Cause::Asked => None,
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
