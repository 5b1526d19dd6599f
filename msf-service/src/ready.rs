//! What a process says once every port answers: the block for people, the file for scripts.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use msf_core::access::Condition;
use serde::Serialize;

use crate::{AccessRow, Info, Profile, RowKind};

/// The ready file, and the JSON line on standard error where that is no terminal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ready {
    pub(crate) name: &'static str,
    pub(crate) pid: u32,
    pub(crate) http: String,
    pub(crate) admin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) services: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A ready file that nobody sees yet.
#[derive(Debug)]
pub(crate) struct Staged {
    temporary: PathBuf,
    file: PathBuf,
}

impl Staged {
    fn write(&self, ready: &Ready) -> io::Result<()> {
        let mut file = std::fs::File::create(&self.temporary)?;
        serde_json::to_writer(&mut file, ready)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    /// Shows it.
    pub(crate) fn publish(self) -> crate::Result<()> {
        std::fs::rename(&self.temporary, &self.file).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> crate::BoxError {
        format!(
            "the ready file {} cannot be written: {error}",
            self.file.display()
        )
        .into()
    }
}

/// One app of the process, for the block.
#[derive(Debug)]
pub(crate) struct ReadyApp {
    pub(crate) name: String,
    pub(crate) http: SocketAddr,
    pub(crate) tls: bool,
    pub(crate) access: Vec<AccessRow>,
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
            services,
        }
    }

    /// Removes the file of an earlier start, which would tell scripts that this one is ready.
    pub(crate) fn remove(file: &Path) -> crate::Result<()> {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!(
                "the ready file {} cannot be replaced: {error}",
                file.display()
            )
            .into()),
            _ => Ok(()),
        }
    }

    /// Writes the file under another name, to be renamed once every port answers: whoever sees it sees all of it.
    pub(crate) fn stage(&self, file: &Path) -> crate::Result<Staged> {
        let mut temporary = file.as_os_str().to_owned();
        temporary.push(format!(".{}", self.pid));
        let staged = Staged {
            temporary: temporary.into(),
            file: file.to_owned(),
        };
        staged.write(self).map_err(|error| staged.failed(&error))?;
        Ok(staged)
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
        // Writing to a String does not fail.
        for app in apps {
            let label = if apps.len() == 1 { "Main" } else { &app.name };
            let _ = writeln!(
                block,
                "  {label:<8} {}    HTTP and gRPC · probes{rpc}",
                url(app)
            );
        }
        let _ = writeln!(
            block,
            "  {:<8} {}/   probes · metrics · config · access",
            "Admin", self.admin
        );
        if profile == Profile::Dev {
            block.push('\n');
            for line in tries(apps) {
                let _ = writeln!(block, "  {:<8} {line}", "try");
            }
        }
        block
    }
}

/// Commands to paste: the first public GET route and the first public RPC of the first app that has one.
fn tries(apps: &[ReadyApp]) -> Vec<String> {
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
