//! The shop as it is run: five processes that find each other by address, or one.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::Bench;
use crate::measure::{Cores, Pace, Place, Process, Void};

mod folder;
mod talk;

pub(super) use folder::{CATEGORIES, fill, prepare};
pub(super) use talk::{Talk, account, login, login_request, user_id, who_am_i};

pub(super) const GATEWAY: &str = "api-gateway";
pub(super) const AUTH: &str = "auth-service";
pub(super) const USERS: &str = "user-service";
pub(super) const PRODUCTS: &str = "product-service";
pub(super) const MAIL: &str = "email-service";

/// Every service, in the order in which they are started.
pub(super) const SERVICES: [&str; 5] = [USERS, AUTH, GATEWAY, PRODUCTS, MAIL];

/// The admin of every shop that is measured.
pub(super) const ADMIN: &str = "admin@bench.example";
/// The password of everybody in it.
pub(super) const PASSWORD: &str = "a walk in the snow";

/// How long a process is left alone before its memory at rest is read.
const QUIET: Duration = Duration::from_millis(1500);

/// What a shop needs of the bench; a copy, so that the progress can be told meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    pub(super) pace: Pace,
    pub(super) quick: bool,
    pub(super) cores: Cores,
    pub(super) programs: PathBuf,
    /// A folder of this section's own.
    pub(super) scratch: PathBuf,
}

/// How a shop is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Five,
    One,
}

/// A running shop.
#[derive(Debug)]
pub(super) struct Shop {
    /// Stopped in this order: who calls others comes first.
    processes: Vec<Process>,
    gateway: String,
}

/// A port for each service, which nothing listened on a moment ago.
#[derive(Clone, Debug)]
pub(super) struct Addresses(Vec<String>);

impl Ground {
    pub(super) fn new(bench: &Bench, section: &str) -> Result<Self, Void> {
        let scratch = bench.scratch.join(section);
        std::fs::create_dir_all(&scratch)?;
        Ok(Self {
            pace: bench.pace,
            quick: bench.quick,
            cores: bench.cores.clone(),
            programs: bench.programs.clone(),
            scratch,
        })
    }

    /// Lets what has just started come to rest.
    pub(super) fn rest(&self) {
        if !self.quick {
            thread::sleep(QUIET);
        }
    }

    /// Starts one program of the shop on `data`.
    pub(super) fn start(
        &self,
        name: &str,
        arguments: &[String],
        data: &Path,
        place: Place,
    ) -> Result<Process, Void> {
        let mut command = Command::new(self.programs.join(name));
        command.args(arguments).arg("--data-dir").arg(data);
        Process::start(name, &mut command, place, &self.cores, &self.scratch)
    }
}

impl Addresses {
    pub(super) fn reserve() -> Result<Self, Void> {
        let held: Vec<_> = SERVICES
            .iter()
            .map(|_| TcpListener::bind("127.0.0.1:0"))
            .collect::<Result<_, _>>()?;
        let address = |listener: &TcpListener| Ok(listener.local_addr()?.to_string());
        held.iter().map(address).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn of(&self, service: &str) -> &str {
        let at = SERVICES.iter().position(|name| *name == service);
        &self.0[at.unwrap_or_default()]
    }

    /// Where it listens and where the services are that it calls: nothing else is set.
    pub(super) fn arguments(&self, service: &str) -> Vec<String> {
        let calls: &[&str] = match service {
            USERS => &[GATEWAY, AUTH],
            AUTH => &[GATEWAY, USERS],
            GATEWAY => &[AUTH, USERS, PRODUCTS],
            PRODUCTS => &[GATEWAY],
            _ => &[AUTH],
        };
        let mut arguments = vec!["--listen".to_owned(), self.of(service).to_owned()];
        arguments.extend(["--set".to_owned(), "admin.listen=127.0.0.1:0".to_owned()]);
        for called in calls {
            let url = format!("clients.{called}.url=http://{}", self.of(called));
            arguments.extend(["--set".to_owned(), url]);
        }
        arguments
    }
}

impl Shop {
    /// Starts it on `data`, which is prepared, and asks it nothing.
    pub(super) fn start(
        ground: &Ground,
        form: Form,
        data: &Path,
        place: Place,
    ) -> Result<Self, Void> {
        let addresses = Addresses::reserve()?;
        let (mut processes, gateway) = match form {
            Form::Five => {
                let start = |service: &&str| {
                    ground.start(service, &addresses.arguments(service), data, place)
                };
                let processes = SERVICES.iter().map(start).collect::<Result<Vec<_>, _>>()?;
                (processes, addresses.of(GATEWAY).to_owned())
            }
            Form::One => {
                let arguments = ["--listen".to_owned(), "127.0.0.1:0".to_owned()];
                let shop = ground.start("shop", &arguments, data, place)?;
                let gateway = shop.address()?.to_owned();
                (vec![shop], gateway)
            }
        };
        processes.reverse();
        Ok(Self { processes, gateway })
    }

    /// `HOST:PORT` of the gateway.
    pub(super) fn gateway(&self) -> &str {
        &self.gateway
    }

    /// The processes that these services run in, each once.
    pub(super) fn processes(&self, services: &[&str]) -> Vec<&Process> {
        let is_wanted =
            |process: &&Process| self.processes.len() == 1 || services.contains(&process.name());
        self.processes.iter().filter(is_wanted).collect()
    }
}

/// A hash takes some 20 ms, and more in a debug build: a longer window, for as many answers as a p99 needs.
pub(super) fn for_hashes(pace: Pace) -> Pace {
    let window = (pace.window * 3).max(Duration::from_secs(1));
    Pace { window, ..pace }
}

/// Millions of bytes.
#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_told_where_those_are_that_it_calls() {
        let addresses = Addresses::reserve().unwrap();
        let told = addresses.arguments(MAIL).join(" ");
        let (own, auth) = (addresses.of(MAIL), addresses.of(AUTH));
        assert_eq!(
            told,
            format!(
                "--listen {own} --set admin.listen=127.0.0.1:0 --set clients.auth-service.url=http://{auth}"
            )
        );
        for service in SERVICES {
            let told = addresses.arguments(service).join(" ");
            assert!(!told.contains(&format!("clients.{service}.")), "{told}");
        }
    }
}
