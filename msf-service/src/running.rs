//! An app whose port is bound, and one that runs.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use msf_core::component::AdminPage;
use msf_core::error::chain;
use msf_core::health::Health;
use msf_core::observe;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::AccessRow;
use crate::app::Assembled;
use crate::client::Local;
use crate::data_dir::DataDir;
use crate::edge::{Server, Stop};
use crate::lifecycle::{Cause, Serving};
use crate::timetable::Timetable;

/// An app that runs. Dropping it cuts what is in hand; [`Running::stop`] ends it in order.
#[derive(Debug)]
pub struct Running {
    http: SocketAddr,
    rows: Vec<AccessRow>,
    pages: Vec<AdminPage>,
    serving: Serving,
    failures: Option<mpsc::UnboundedReceiver<Cause>>,
    /// A temporary folder lasts as long as the app does.
    _data_dir: DataDir,
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

/// An app whose port is bound and which nobody serves yet.
pub(crate) struct Bound {
    pub(crate) name: Arc<str>,
    pub(crate) local: Local,
    pub(crate) health: Health,
    pub(crate) data_dir: DataDir,
    pub(crate) assembled: Assembled,
    pub(crate) server: Server,
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

    pub(crate) fn suggestion(&self) -> Option<String> {
        self.assembled.suggestion.clone()
    }

    pub(crate) fn pages(&self) -> &[AdminPage] {
        &self.assembled.pages
    }

    /// Does what the app has to do before anybody is answered.
    pub(crate) async fn on_start(&mut self) -> crate::Result<()> {
        let name = Arc::clone(&self.name);
        for work in std::mem::take(&mut self.assembled.on_start) {
            let done =
                AssertUnwindSafe(observe::in_service(Arc::clone(&name), work())).catch_unwind();
            let why = match done.await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => chain(&*error),
                Err(_) => "it panicked; the message is above".to_owned(),
            };
            return Err(format!("`{name}` cannot start: {why}").into());
        }
        Ok(())
    }

    /// Serves it; whatever fails reports to `failed`.
    pub(crate) fn serve(self, failed: &mpsc::UnboundedSender<Cause>) -> Running {
        let Self {
            name,
            local,
            health,
            data_dir,
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
            _data_dir: data_dir,
        }
    }
}

impl Running {
    /// Hears of what fails, where no process does.
    pub(crate) fn with_failures(mut self, failures: mpsc::UnboundedReceiver<Cause>) -> Self {
        self.failures = Some(failures);
        self
    }

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
