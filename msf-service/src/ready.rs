//! What a process says once every port answers: the block for people, the file for scripts.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use msf_core::access::Condition;
use serde::Serialize;

use crate::{AccessRow, Info, Profile, RowKind, announcer};

/// The ready file, and the JSON line on standard error where that is no terminal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ready {
    pub(crate) name: &'static str,
    pub(crate) pid: u32,
    pub(crate) http: String,
    pub(crate) admin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_dir: Option<PathBuf>,
    /// What the apps announced.
    #[serde(flatten)]
    pub(crate) announced: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) services: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A ready file that nobody sees yet.
#[derive(Debug)]
pub(crate) struct Staged {
    temporary: PathBuf,
    file: PathBuf,
    open: std::fs::File,
}

impl Staged {
    /// Makes the file under another name, to be renamed once every port answers: whoever sees it sees all of it. Done
    /// before an app announces anything, so that nothing is told to a file that cannot be written.
    ///
    /// The file of an earlier start, which would tell scripts that this one is ready, is removed.
    pub(crate) fn open(file: &Path) -> crate::Result<Self> {
        let mut temporary = file.as_os_str().to_owned();
        temporary.push(format!(".{}", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let mut options = std::fs::OpenOptions::new();
        // One that lies there already may be somebody else's, with other permissions.
        options.write(true).create_new(true);
        // What an app announces may be a password.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = remove(file)
            .and_then(|()| remove(&temporary))
            .and_then(|()| options.open(&temporary));
        match opened {
            Ok(open) => Ok(Self {
                temporary,
                file: file.to_owned(),
                open,
            }),
            Err(error) => Err(failed(file, &error)),
        }
    }

    /// Writes what there is to say.
    pub(crate) fn write(&mut self, ready: &Ready) -> crate::Result<()> {
        let written = serde_json::to_writer(&mut self.open, ready)
            .map_err(io::Error::from)
            .and_then(|()| self.open.write_all(b"\n"))
            .and_then(|()| self.open.sync_all());
        written.map_err(|error| failed(&self.file, &error))
    }

    /// Shows it.
    pub(crate) fn publish(self) -> crate::Result<()> {
        std::fs::rename(&self.temporary, &self.file).map_err(|error| failed(&self.file, &error))
    }
}

impl Drop for Staged {
    /// A start that fails leaves nothing behind; what was shown has another name by then.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(file: &Path, error: &io::Error) -> crate::BoxError {
    format!(
        "the ready file {} cannot be written: {error}",
        file.display()
    )
    .into()
}

/// One app of the process, for the block.
#[derive(Debug)]
pub(crate) struct ReadyApp {
    pub(crate) name: String,
    pub(crate) http: SocketAddr,
    pub(crate) tls: bool,
    pub(crate) access: Vec<AccessRow>,
    /// What to paste, where the app knows better than its access table; `{url}` stands for its address.
    pub(crate) suggestion: Option<String>,
}

impl Ready {
    pub(crate) fn new(info: &Info, apps: &[ReadyApp], admin: SocketAddr) -> Self {
        let admin = format!("http://{}", reachable(admin));
        let pid = std::process::id();
        let services = (apps.len() > 1).then(|| {
            let one = |app: &ReadyApp| {
                let instance = serde_json::json!([{ "pid": pid, "http": url(app), "admin": format!("{admin}/{}", app.name) }]);
                (app.name.clone(), instance)
            };
            apps.iter().map(one).collect()
        });
        Self {
            name: info.name(),
            pid,
            http: apps.first().map(url).unwrap_or_default(),
            admin,
            data_dir: None,
            announced: serde_json::Map::new(),
            services,
        }
    }

    /// Says where the embedded stores lie.
    pub(crate) fn data_dir(mut self, data_dir: Option<PathBuf>) -> Self {
        self.data_dir = data_dir;
        self
    }

    /// Adds what the apps announced.
    pub(crate) fn announced(mut self, members: serde_json::Map<String, serde_json::Value>) -> Self {
        self.announced = members;
        self
    }

    /// Says it on standard error: a block on a terminal, else one JSON line.
    pub(crate) fn announce(
        &self,
        info: &Info,
        profile: Profile,
        took: Duration,
        apps: &[ReadyApp],
    ) {
        let mut stderr = io::stderr().lock();
        let text = if stderr.is_terminal() {
            self.block(info, profile, took, apps)
        } else {
            serde_json::json!({ "ready": self, "took_ms": took.as_millis(), "try": tries(apps) })
                .to_string()
        };
        // Nobody may be reading standard error; that is no reason not to serve.
        let _ = writeln!(stderr, "{text}");
    }

    fn block(&self, info: &Info, profile: Profile, took: Duration, apps: &[ReadyApp]) -> String {
        let word = if profile == Profile::Dev {
            "dev"
        } else {
            "prod"
        };
        let mut block = format!(
            "\n  {} {} · {word} · ready in {} ms\n\n",
            info.name(),
            info.version(),
            took.as_millis()
        );
        let rpc = if profile == Profile::Dev {
            " · reflection on"
        } else {
            ""
        };
        let label = |app: &'_ ReadyApp| match apps {
            [_] => "Main".to_owned(),
            _ => app.name.clone(),
        };
        let width = apps
            .iter()
            .map(|app| label(app).len())
            .max()
            .unwrap_or(0)
            .max(8);
        // Writing to a String does not fail.
        for app in apps {
            let _ = writeln!(
                block,
                "  {:<width$} {}    HTTP and gRPC · probes{rpc}",
                label(app),
                url(app)
            );
        }
        let _ = writeln!(
            block,
            "  {:<width$} {}/   probes · metrics · config · access",
            "Admin", self.admin
        );
        if let Some(folder) = &self.data_dir {
            let _ = writeln!(block, "  {:<width$} {}", "Data", folder.display());
        }
        if !self.announced.is_empty() {
            block.push('\n');
        }
        for (key, value) in &self.announced {
            let _ = writeln!(block, "  {}", announcer::line(key, value, width));
        }
        if profile == Profile::Dev {
            block.push('\n');
            for line in tries(apps) {
                let _ = writeln!(block, "  {:<width$} {line}", "try");
            }
        }
        block
    }
}

/// Commands to paste: what the apps suggest, else the first public GET route and the first public RPC of the first app that
/// has one.
fn tries(apps: &[ReadyApp]) -> Vec<String> {
    let suggested = apps
        .iter()
        .filter_map(|app| Some(app.suggestion.as_ref()?.replace("{url}", &url(app))));
    let suggested: Vec<String> = suggested.collect();
    if !suggested.is_empty() {
        return suggested;
    }
    let public = |row: &&AccessRow| {
        row.info
            .any_of
            .iter()
            .any(|all| matches!(&all[..], [Condition::Public(_)]))
    };
    let route = apps.iter().find_map(|app| {
        let row = app
            .access
            .iter()
            .filter(public)
            .find(|row| row.kind == RowKind::Route && row.method == "GET")?;
        Some(format!(
            "curl {}{}",
            url(app),
            row.path.replace(['{', '}', '*'], "")
        ))
    });
    let rpc = apps.iter().find_map(|app| {
        let own = |row: &&AccessRow| row.kind == RowKind::Rpc && !row.path.starts_with("/grpc.");
        let row = app.access.iter().filter(public).find(own)?;
        let plain = if app.tls { "" } else { "-plaintext " };
        Some(format!(
            "grpcurl {plain}{} {}",
            reachable(app.http),
            row.path.trim_start_matches('/')
        ))
    });
    route.into_iter().chain(rpc).collect()
}

/// The address of the app `name`.
pub(crate) fn url_of(apps: &[ReadyApp], name: &str) -> Option<String> {
    apps.iter().find(|app| app.name == name).map(url)
}

fn url(app: &ReadyApp) -> String {
    format!(
        "{}://{}",
        if app.tls { "https" } else { "http" },
        reachable(app.http)
    )
}

/// The address to paste: a server that listens everywhere is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
