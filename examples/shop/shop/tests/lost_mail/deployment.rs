//! The shop in one process, or its services in several over one data folder.

use std::path::PathBuf;

use rand::Rng as _;
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::process::{Process, Program};
use crate::support::services::Ports;

/// How the shop runs, and what of it does.
pub(crate) struct Deployment {
    pub(crate) folder: TempDir,
    /// The publisher first, the consumer last.
    pub(crate) parts: Vec<Part>,
    /// Where clients go: a process that is not killed.
    gateway: Option<Process>,
}

/// A process that is killed and comes again.
pub(crate) struct Part {
    pub(crate) program: Box<dyn Fn() -> Program>,
    pub(crate) running: Option<Process>,
}

impl Deployment {
    /// All services in one process.
    pub(crate) fn one_process() -> Self {
        let part = Part {
            program: Box::new(Program::shop),
            running: None,
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            parts: vec![part],
            gateway: None,
        }
    }

    /// user-service and email-service in a process each, and a gateway that stays.
    pub(crate) async fn two_processes() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports::free();
        let gateway = Process::launch(folder.path(), ports.gateway()).await;
        let part = |program: fn(Ports) -> Program| Part {
            program: Box::new(move || program(ports)),
            running: None,
        };
        let (users, email) = (part(Ports::users), part(Ports::email));
        Self {
            folder,
            parts: vec![users, email],
            gateway: Some(gateway),
        }
    }

    /// The folder with the files.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Whether a process answers for those that were killed.
    pub(crate) fn has_gateway(&self) -> bool {
        self.gateway.is_some()
    }

    /// A client of the HTTP API.
    pub(crate) fn client(&self) -> Client {
        let front = self.gateway.as_ref().or(self.parts[0].running.as_ref());
        Client::new(front.unwrap().http())
    }

    /// The address of the mailbox.
    pub(crate) fn mail(&self) -> String {
        let email = self.parts.last().unwrap().running.as_ref();
        email.unwrap().mail().to_owned()
    }

    /// Starts what does not run; ready when this returns.
    pub(crate) async fn start(&mut self) {
        for part in self.parts.iter_mut().filter(|part| part.running.is_none()) {
            let program = (part.program)();
            part.running = Some(Process::launch(self.folder.path(), program).await);
        }
    }

    /// kill -9 of one or all of the processes, by chance.
    pub(crate) async fn kill(&mut self) {
        let all = self.parts.len();
        let chosen = rand::rng().random_range(0..=all);
        for (index, part) in self.parts.iter_mut().enumerate() {
            if index == chosen || chosen == all || all == 1 {
                part.running.take().unwrap().kill().await;
            }
        }
    }

    /// Whether nobody publishes now.
    pub(crate) fn publisher_is_down(&self) -> bool {
        self.parts[0].running.is_none()
    }

    /// Stops all in order; each ends with 0.
    pub(crate) async fn stop(self) {
        let running = self.parts.into_iter().filter_map(|part| part.running);
        for process in running.chain(self.gateway) {
            assert_eq!(process.stop().await, Some(0));
        }
    }
}
