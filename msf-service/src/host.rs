//! A process with one app or several: settings, telemetry, signals, admin port, and the order of the end.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use msf_core::settings::{Effective, Mistakes, Settings, Sources};

use crate::command_line::CommandLine;
use crate::{App, Boot, Exit, Info, ProcessSettings, ServiceSettings, commands};

/// A process that runs several apps: one runtime, one signal handler, one telemetry, one admin port.
///
/// Each app has its own port, settings, health and metrics label, and is the same function that it is alone. The
/// settings of each lie in a table of its name; the variables of the environment are those that it has alone. Calls
/// between them stay in the process. Callers stop before those they call; when one fails, all stop in order.
///
/// The main port of the first is the program's; the others listen on free ports of loopback unless set.
///
/// ```no_run
/// use std::process::ExitCode;
/// use msf_service::{App, Boot, Host};
///
/// async fn users(_: Boot<()>) -> msf_service::Result<App> { Ok(App::new()) }
/// async fn gateway(boot: Boot<()>) -> msf_service::Result<App> {
///     let _users = boot.client("user-service")?;
///     Ok(App::new())
/// }
///
/// fn main() -> ExitCode {
///     Host::new(msf_service::info!()).app("gateway", gateway).app("user-service", users).run()
/// }
/// ```
#[must_use]
pub struct Host {
    pub(crate) info: Info,
    pub(crate) apps: Vec<Entry>,
    /// Whether the one app shares the top level of the settings with the process.
    pub(crate) alone: bool,
}

/// An app before its settings are read.
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) load: Load,
    pub(crate) sample: fn(&Sources, bool) -> String,
}

type Load =
    Box<dyn FnOnce(&Sources, bool) -> Result<(Option<ProcessSettings>, Prepared), Mistakes>>;
/// Makes the app; its own settings are inside.
pub(crate) type Make = Box<dyn FnOnce(Boot<()>) -> LocalBoxFuture<'static, crate::Result<App>>>;

/// An app whose settings are read.
pub(crate) struct Prepared {
    pub(crate) settings: ServiceSettings,
    pub(crate) effective: Effective,
    pub(crate) make: Make,
}

impl Host {
    /// A process without apps yet.
    pub const fn new(info: Info) -> Self {
        Self {
            info,
            apps: Vec::new(),
            alone: false,
        }
    }

    /// Adds an app under a name, which is a table of the settings and the label of its logs and metrics.
    pub fn app<C, F>(mut self, name: impl Into<Arc<str>>, app: F) -> Self
    where
        C: Settings + 'static,
        F: AsyncFnOnce(Boot<C>) -> crate::Result<App> + 'static,
    {
        self.alone = false;
        self.apps.push(Entry::new(name.into(), app));
        self
    }

    /// A process with one app, which has the name of the program and its settings at the top level: what
    /// [`run`](crate::run) runs.
    pub fn alone<C, F>(info: Info, app: F) -> Self
    where
        C: Settings + 'static,
        F: AsyncFnOnce(Boot<C>) -> crate::Result<App> + 'static,
    {
        Self {
            info,
            apps: vec![Entry::new(info.name().into(), app)],
            alone: true,
        }
    }

    /// Does what the command line asks for, until it is done or the process is told to stop.
    pub fn run(self) -> ExitCode {
        self.run_with(std::env::args_os(), std::env::vars_os())
            .into()
    }

    /// The same with another command line and environment; the first argument is the program's own name.
    pub fn run_with(
        self,
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Exit {
        match CommandLine::parse(&self.info, arguments) {
            Ok(line) => commands::execute(self, &line, environment),
            Err(told) => {
                // Help goes to standard output, mistakes to standard error; clap knows which this is.
                let _ = told.print();
                if told.exit_code() == 0 {
                    Exit::Clean
                } else {
                    Exit::Usage
                }
            }
        }
    }

    /// The names of the apps.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.apps
            .iter()
            .map(|entry| entry.name.to_string())
            .collect()
    }
}

impl Entry {
    fn new<C, F>(name: Arc<str>, app: F) -> Self
    where
        C: Settings + 'static,
        F: AsyncFnOnce(Boot<C>) -> crate::Result<App> + 'static,
    {
        let load: Load = Box::new(move |sources, alone| {
            let (process, settings, config, effective) = if alone {
                let loaded = sources.load::<(ProcessSettings, (ServiceSettings, C))>()?;
                let (process, (settings, config)) = loaded.value;
                (Some(process), settings, config, loaded.effective)
            } else {
                let loaded = sources.load::<(ServiceSettings, C)>()?;
                (None, loaded.value.0, loaded.value.1, loaded.effective)
            };
            let make: Make =
                Box::new(move |boot| Box::pin(async move { app(boot.with_config(config)).await }));
            Ok((
                process,
                Prepared {
                    settings,
                    effective,
                    make,
                },
            ))
        });
        let sample = |sources: &Sources, alone: bool| {
            if alone {
                sources.sample::<(ProcessSettings, (ServiceSettings, C))>()
            } else {
                sources.sample::<(ServiceSettings, C)>()
            }
        };
        Self { name, load, sample }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("info", &self.info)
            .field("apps", &self.names())
            .finish_non_exhaustive()
    }
}
