//! The one function that `main` calls.

use std::process::ExitCode;

use msf_core::settings::Settings;

use crate::{App, Boot, Host, Info};

/// Runs a process with one app: reads the command line and the settings, serves until SIGTERM or Ctrl-C, stops in order.
///
/// It is a function, not a `main` macro: what it does is in [`Host`], and nothing is generated. It installs what is
/// global in a process (tracing subscriber, metrics recorder, panic hook, crypto provider); nothing else of msf does.
///
/// Exit codes: see [`Exit`](crate::Exit).
///
/// ```no_run
/// use std::process::ExitCode;
/// use msf_service::{App, Boot};
///
/// async fn app(_: Boot<()>) -> msf_service::Result<App> { Ok(App::new()) }
///
/// fn main() -> ExitCode { msf_service::run(msf_service::info!(), app) }
/// ```
pub fn run<C, F>(info: Info, app: F) -> ExitCode
where
    C: Settings + 'static,
    F: AsyncFnOnce(Boot<C>) -> crate::Result<App> + 'static,
{
    Host::alone(info, app).run()
}
