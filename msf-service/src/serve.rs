//! One run of a process: start, serve, stop.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use msf_core::error::chain;
use msf_core::health::State;
use msf_core::settings::Effective;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::admin::{self, AdminApp, Document};
use crate::complaint::{complain, failed};
use crate::edge::{Drained, Options, Server, Stop};
use crate::lifecycle::Cause;
use crate::process::{Process, make_all};
use crate::ready::{Ready, ReadyApp, Staged, url_of};
use crate::running::Running;
use crate::signals::Signals;
use crate::stop_all::stop_all;
use crate::telemetry::{self, Telemetry};
use crate::timetable::Timetable;
use crate::{AccessRow, Exit, Info};

/// How long telemetry may take to be written at the end; with a second signal 50 ms.
const FLUSH: Duration = Duration::from_secs(1);
const HURRIED_FLUSH: Duration = Duration::from_millis(50);
/// How long the rest of a stop may take after a second signal.
const HURRIED_STOP: Duration = Duration::from_millis(100);

/// Runs the process until it is told to stop or a part of it fails.
pub(crate) fn run(process: Process, ready_file: Option<&Path>) -> Exit {
    let began = Instant::now();
    // "Already installed" is fine: there is one provider in the tree.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    #[cfg(feature = "auth")]
    msf_auth::install_crypto_provider();
    let log = &process.settings.log;
    let options = telemetry::Options::new(process.info.name())
        .format(log.format)
        .level(log.level.clone());
    let telemetry = match Telemetry::install_global(options) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            complain(&format!("error: {}", chain(&error)));
            return Exit::Failed;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("error: the runtime did not start: {error}"));
            return Exit::Failed;
        }
    };
    let (exit, flush) = match runtime.block_on(serve(process, &telemetry, ready_file, began)) {
        Ok(Ended { exit, hurried }) => (exit, if hurried { HURRIED_FLUSH } else { FLUSH }),
        Err(error) => (failed(&*error), FLUSH),
    };
    // Blocking work that does not end must not hold the process.
    runtime.shutdown_background();
    telemetry.flush(flush);
    exit
}

struct Ended {
    exit: Exit,
    hurried: bool,
}

/// Everything that runs.
struct Up {
    apps: Vec<Running>,
    /// Whom each app calls.
    callees: Vec<BTreeSet<String>>,
    failures: mpsc::UnboundedReceiver<Cause>,
    admin_stop: Stop,
    admin_server: JoinHandle<Drained>,
    #[cfg(feature = "bus")]
    transport: Option<std::sync::Arc<dyn msf_bus::Transport>>,
}

async fn serve(
    process: Process,
    telemetry: &Telemetry,
    ready_file: Option<&Path>,
    began: Instant,
) -> crate::Result<Ended> {
    let mut signals = Signals::install()?;
    let shutdown = process.settings.shutdown.clone();
    let mut up = tokio::select! {
        up = start(process, telemetry, ready_file, began) => up?,
        signal = signals.next() => {
            tracing::info!(signal, "stopped while starting");
            return Ok(Ended { exit: Exit::Clean, hurried: false });
        }
    };
    let upkeep = telemetry.clone();
    let upkeep = tokio::spawn(async move { upkeep.upkeep().await });

    let cause = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, grace_ms = millis(shutdown.grace), "stopping");
            Cause::Asked
        }
        Some(cause) = up.failures.recv() => cause,
    };
    let mut failed = report(&cause);

    let hurry = CancellationToken::new();
    let timetable = Timetable::start(shutdown.grace, shutdown.drain_delay, hurry.clone());
    let stop = stop_all(up.apps, &up.callees, &timetable);
    tokio::pin!(stop);
    // Where a part failed nobody has asked yet: the first signal is then the first.
    let mut asked = !failed;
    let hurried = loop {
        tokio::select! {
            () = &mut stop => break false,
            signal = signals.next() => {
                if std::mem::replace(&mut asked, true) {
                    tracing::warn!(signal, "a second signal: cutting what is left");
                    hurry.cancel();
                    let _ = tokio::time::timeout(HURRIED_STOP, &mut stop).await;
                    break true;
                }
                tracing::info!(signal, "stopping already");
            }
        }
    };
    // What failed while it was stopping is a failure too.
    while let Ok(cause) = up.failures.try_recv() {
        failed |= report(&cause);
    }
    // A file that is closed is whole without its log; one that is not is mended at the next start.
    #[cfg(feature = "bus")]
    if let (Some(transport), false) = (&up.transport, hurried) {
        let _ = tokio::time::timeout(FLUSH, transport.close()).await;
    }
    up.admin_stop.hard.cancel();
    let _ = tokio::time::timeout(HURRIED_FLUSH, up.admin_server).await;
    upkeep.abort();
    tracing::info!(took_ms = millis(timetable.elapsed()), "stopped");
    let exit = if failed || hurried {
        Exit::Failed
    } else {
        Exit::Clean
    };
    Ok(Ended { exit, hurried })
}

/// Does all that can fail, serves, and says so: to balancers, to scripts, to people.
async fn start(
    process: Process,
    telemetry: &Telemetry,
    ready_file: Option<&Path>,
    began: Instant,
) -> crate::Result<Up> {
    let (info, profile) = (process.info, process.settings.profile);
    let alone = process.apps.len() == 1;
    let admin_address = process.admin_address();
    let (data_dir, announcer) = (process.data_dir.clone(), process.announcer.clone());
    let all = process.effective();
    let own: Vec<Effective> = process
        .apps
        .iter()
        .map(|(_, app)| app.effective.clone())
        .collect();
    let mut staged = ready_file.map(Staged::open).transpose()?;

    // All are made before any socket is opened: an app may refuse its settings.
    let made = make_all(process).await?;
    let (mut bound, mut callees, mut tls) = (Vec::new(), Vec::new(), Vec::new());
    for (embed, app) in made {
        callees.push(embed.clients().asked());
        tls.push(embed.is_tls());
        bound.push(embed.bind(app).await?);
    }
    let admin = Server::bind(admin_address, admin_options(&info)).await?;
    for app in &mut bound {
        app.on_start().await?;
    }
    #[cfg(feature = "bus")]
    let transport = bound.iter().find_map(|app| app.local.transport().opened());
    let pages = bound.iter().zip(own).map(|(app, own)| {
        let settings = if alone { &all } else { &own };
        let page = AdminApp::new(app.name(), app.health().clone());
        // Of an app without subscriptions too: it may have had some before.
        #[cfg(feature = "bus")]
        let page = match &transport {
            Some(transport) => page.dead_letters(transport.dead_letters()),
            None => page,
        };
        page.settings(Document::new(settings.to_toml(), settings.to_json()))
            .access(Document::new(
                AccessRow::table(app.access()),
                json!(app.access()),
            ))
            .pages(app.pages().to_vec())
    });
    let router = admin::router(info.name(), pages, telemetry.clone())?;
    let told: Vec<ReadyApp> = bound
        .iter()
        .zip(tls)
        .map(|(app, tls)| ReadyApp {
            name: app.name().to_owned(),
            http: app.http(),
            tls,
            access: app.access().to_vec(),
            suggestion: app.suggestion(),
        })
        .collect();
    let ready = Ready::new(&info, &told, admin.local_addr())
        .data_dir(data_dir.used())
        .announced(announcer.members(|name| url_of(&told, name)));
    if let Some(staged) = &mut staged {
        staged.write(&ready)?;
    }

    let (failed, failures) = mpsc::unbounded_channel();
    let admin_stop = Stop::new();
    let admin_server = tokio::spawn(admin.serve(router, admin_stop.clone()));
    let apps: Vec<Running> = bound.into_iter().map(|app| app.serve(&failed)).collect();
    for app in &apps {
        app.health().set_state(State::Ready);
    }
    if let Some(Err(why)) = staged.map(Staged::publish) {
        let (app, part) = (info.name().into(), "ready file".to_owned());
        // Received below like any other part that fails: what runs by now is stopped in order.
        let _ = failed.send(Cause::Failed { app, part, why });
    }
    ready.announce(&info, profile, began.elapsed(), &told);
    Ok(Up {
        apps,
        callees,
        failures,
        admin_stop,
        admin_server,
        #[cfg(feature = "bus")]
        transport,
    })
}

/// Says why the process ends, where nobody asked it to.
fn report(cause: &Cause) -> bool {
    let Cause::Failed { app, part, why } = cause else {
        return false;
    };
    let why = chain(&**why);
    tracing::error!(app = &**app, part, why, "a part failed; stopping");
    complain(&format!("error: `{part}` of `{app}` failed: {why}"));
    true
}

fn admin_options(info: &Info) -> Options {
    Options {
        service: format!("{}-admin", info.name()).into(),
        ..Options::default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
