//! The shop, or one of its services, as a program of its own, which can be killed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// The longest that a test waits for a start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program, and how it is started.
pub struct Program {
    /// Names its log and its ready file.
    pub name: &'static str,
    binary: &'static str,
    /// Before those that every start has.
    first: Vec<String>,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Program {
    /// All services in one process, on free ports.
    pub fn shop() -> Self {
        Self {
            name: "shop",
            binary: env!("CARGO_BIN_EXE_shop"),
            first: Vec::new(),
            arguments: ["--listen", "127.0.0.1:0"].map(str::to_owned).to_vec(),
            environment: Vec::new(),
        }
    }

    /// One service, on this port of loopback; its admin port is a free one.
    pub fn service(name: &'static str, port: u16) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let arguments = ["--listen", &listen, "--set", "admin.listen=127.0.0.1:0"];
        Self {
            name,
            binary: env!("CARGO_BIN_EXE_shop-service"),
            first: vec![name.to_owned()],
            arguments: arguments.map(str::to_owned).to_vec(),
            environment: Vec::new(),
        }
    }

    pub fn arguments(mut self, more: &[&str]) -> Self {
        self.arguments
            .extend(more.iter().map(|&text| text.to_owned()));
        self
    }

    pub fn environment(mut self, name: &'static str, value: String) -> Self {
        self.environment.push((name, value));
        self
    }
}

/// A program, running.
pub struct Process {
    child: Child,
    /// The ready file.
    pub ready: Value,
    /// From the start of the process to the ready file.
    pub took: Duration,
    pub log: PathBuf,
}

impl Process {
    /// Starts the shop on free ports over the data in `folder`; its output is appended to `shop.log` there.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await
    }

    pub async fn start_with(folder: &Path, arguments: &[&str]) -> Self {
        Self::launch(folder, Program::shop().arguments(arguments)).await
    }

    /// Starts a program over the data in `folder`; its output is appended to `NAME.log` there.
    pub async fn launch(folder: &Path, program: Program) -> Self {
        let name = program.name;
        let ready_file = folder.join(format!("{name}.json"));
        let log = folder.join(format!("{name}.log"));
        let _ = std::fs::remove_file(&ready_file);
        let output = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let began = Instant::now();
        let mut child = Command::new(program.binary)
            .args(program.first)
            .arg("--ready-file")
            .arg(&ready_file)
            .arg("--data-dir")
            .arg(folder.join("data"))
            .args(program.arguments)
            .current_dir(folder)
            .env_clear()
            .envs(program.environment)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut pause = tokio::time::interval(Duration::from_millis(1));
        let ready = loop {
            pause.tick().await;
            if let Ok(text) = std::fs::read_to_string(&ready_file) {
                break serde_json::from_str(&text).unwrap();
            }
            let ended = child.try_wait().unwrap();
            let told = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "{name} ended: {}", told());
            assert!(
                began.elapsed() < PATIENCE,
                "{name} is not ready: {}",
                told()
            );
        };
        Self {
            child,
            ready,
            took: began.elapsed(),
            log,
        }
    }

    /// Where it answers.
    pub fn http(&self) -> &str {
        self.ready["http"].as_str().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// The page of the mailbox.
    pub fn mail(&self) -> &str {
        self.ready["mail"].as_str().unwrap()
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let told = || std::fs::read_to_string(&self.log).unwrap_or_default();
        let status = ended.unwrap_or_else(|_| panic!("it does not end: {}", told()));
        status.unwrap()
    }

    /// kill -9, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, and waits for the exit code.
    pub async fn stop(mut self) -> Option<i32> {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(sent.unwrap().success());
        self.child.wait().await.unwrap().code()
    }
}
