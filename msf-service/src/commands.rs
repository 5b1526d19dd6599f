//! What each command of the command line does.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::sync::Arc;

use msf_core::health::Health;
use msf_core::settings::{Effective, Mistakes, Sources};

use crate::command_line::{CommandLine, Config, Format, Task};
use crate::complaint::{complain, failed};
use crate::data_dir::DataDir;
use crate::host::{Host, Prepared};
use crate::process::{self, Process};
use crate::serve;
use crate::{AccessRow, Announcer, Exit, ProcessSettings};

/// Loads the settings and does what was asked.
pub(crate) fn execute(
    host: Host,
    line: &CommandLine,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Exit {
    if line.task == Task::Version {
        return print(&format!("{} {}\n", host.info.name(), host.info.version()));
    }
    let sources = sources(&host, line, environment);
    if let Task::Config {
        what: Config::Defaults,
        ..
    } = line.task
    {
        return print(&samples(&host, &sources));
    }
    let process = match load(host, &sources) {
        Ok(process) => process,
        Err(mistakes) => {
            complain(&mistakes.to_string());
            return Exit::Configuration;
        }
    };
    let process = if line.ephemeral {
        process.ephemeral()
    } else {
        process
    };
    match &line.task {
        Task::Run => serve::run(process, line.ready_file.as_deref()),
        Task::Config {
            what: Config::Check,
            ..
        } => check(process),
        Task::Config { format, .. } => print(&match format {
            Format::Text => process.effective().to_toml(),
            Format::Json => pretty(&process.effective().to_json()),
        }),
        Task::Access { format } => inspect(process.looked_at(), |rows, _| {
            print(&match format {
                Format::Text => AccessRow::table(rows),
                Format::Json => pretty(&rows),
            })
        }),
        Task::Check => inspect(process, |_, reports| {
            let told = print(&pretty(&reports));
            if reports.iter().all(|report| report.status.is_available()) {
                told
            } else {
                Exit::Failed
            }
        }),
        Task::Migrate => inspect(process, |_, _| print("the stores are up to date\n")),
        #[cfg(feature = "bus")]
        Task::Dead(dead) => match blocking(crate::dead::run(&process, dead)) {
            Ok(text) => print(&text),
            Err(error) => failed(&*error),
        },
        Task::Version => Exit::Clean,
    }
}

fn sources(
    host: &Host,
    line: &CommandLine,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Sources {
    let mut sources = Sources::for_app(host.info.name())
        .dotenv(".env")
        .env(environment);
    if !host.alone {
        sources = sources.with_apps(host.names());
    }
    if let Some(file) = &line.config {
        sources = sources.file(file);
    }
    if let Some(address) = &line.listen {
        let first = host
            .apps
            .first()
            .filter(|_| !host.alone)
            .map(|entry| format!("{}.", entry.name));
        sources = sources.set(
            format!("{}http.listen", first.unwrap_or_default()),
            address,
            "--listen",
        );
        if line.any_port() {
            sources = sources.set("admin.listen", "127.0.0.1:0", "--listen");
        }
    }
    if let Some(folder) = &line.data_dir {
        sources = sources.set("data_dir", folder, "--data-dir");
    }
    line.set
        .iter()
        .fold(sources, |sources, argument| sources.set_argument(argument))
}

fn samples(host: &Host, sources: &Sources) -> String {
    let own = (!host.alone).then(|| sources.sample::<ProcessSettings>());
    let apps = host.apps.iter().map(|entry| {
        let sources = if host.alone {
            sources.clone()
        } else {
            sources.app(&*entry.name)
        };
        (entry.sample)(&sources, host.alone)
    });
    own.into_iter().chain(apps).collect::<Vec<_>>().join("\n")
}

/// Reads the settings of the process and of all apps; all mistakes of all of them come at once.
fn load(host: Host, sources: &Sources) -> Result<Process, Mistakes> {
    let (hosted, alone) = (Arc::new(host.names()), host.alone);
    let mut mistakes: Option<Mistakes> = None;
    let mut note = |found: Mistakes| match &mut mistakes {
        Some(mistakes) => mistakes.extend(found),
        None => mistakes = Some(found),
    };
    let (mut settings, mut effective) = (None, Effective::default());
    if !host.alone {
        match sources.load::<ProcessSettings>() {
            Ok(loaded) => {
                settings = Some(loaded.value);
                effective = loaded.effective;
            }
            Err(found) => note(found),
        }
    }
    let mut apps: Vec<(Arc<str>, Prepared)> = Vec::new();
    for entry in host.apps {
        let own = if host.alone {
            sources.clone()
        } else {
            sources.app(&*entry.name)
        };
        match (entry.load)(&own, host.alone) {
            Ok((process, prepared)) => {
                settings = process.or(settings);
                apps.push((entry.name, prepared));
            }
            Err(found) => note(found),
        }
    }
    match (settings, mistakes) {
        (Some(settings), None) => Ok(Process {
            info: host.info,
            settings,
            effective,
            hosted,
            alone,
            apps,
            data_dir: DataDir::ephemeral(),
            announcer: Announcer::default(),
            looked_at: false,
        }
        .complete()),
        (_, Some(mistakes)) => Err(mistakes),
        // Only a process without apps gets here: its settings are read above.
        (None, None) => Ok(Process {
            info: host.info,
            settings: sources.load::<ProcessSettings>()?.value,
            effective,
            hosted,
            alone,
            apps,
            data_dir: DataDir::ephemeral(),
            announcer: Announcer::default(),
            looked_at: false,
        }
        .complete()),
    }
}

/// Finds what the apps themselves refuse of their settings. They open no socket, and get a folder that nobody keeps.
fn check(process: Process) -> Exit {
    match blocking(process::make_all(process.looked_at())) {
        Ok(_) => print("the settings are right\n"),
        Err(error) => failed(&*error),
    }
}

/// Runs `work` on a runtime of its own.
fn blocking<T>(work: impl Future<Output = crate::Result<T>>) -> crate::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime did not start: {error}"))?;
    runtime.block_on(work)
}

/// Puts all apps together without opening a port, and shows what is found.
fn inspect(
    process: Process,
    show: impl FnOnce(&[AccessRow], &[msf_core::health::Report]) -> Exit,
) -> Exit {
    let found = blocking(async {
        let (mut rows, mut reports) = (Vec::new(), Vec::new());
        for (embed, app) in process::make_all(process).await? {
            let health = Health::new();
            let assembled = embed.assemble(app, &health)?;
            rows.extend(assembled.rows);
            health.set_state(msf_core::health::State::Ready);
            reports.push(health.report().await);
        }
        Ok((rows, reports))
    });
    match found {
        Ok((rows, reports)) => show(&rows, &reports),
        Err(error) => failed(&*error),
    }
}

fn pretty(value: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string_pretty(value).map_or_else(|error| error.to_string(), |text| text + "\n")
}

/// Prints the answer; a reader that went away (`| head`) is no failure of ours.
fn print(text: &str) -> Exit {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Failed,
        _ => Exit::Clean,
    }
}
