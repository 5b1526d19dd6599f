//! The shop as a program of its own, which can be killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// The longest that a test waits for a start.
const PATIENCE: Duration = Duration::from_secs(20);

/// The shop, running.
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
        let (ready_file, log) = (folder.join("ready.json"), folder.join("shop.log"));
        let _ = std::fs::remove_file(&ready_file);
        let output = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_shop"))
            .args(["--listen", "127.0.0.1:0"])
            .arg("--ready-file")
            .arg(&ready_file)
            .arg("--data-dir")
            .arg(folder.join("data"))
            .args(arguments)
            .current_dir(folder)
            .env_clear()
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
            assert!(ended.is_none(), "the shop ended: {}", told());
            assert!(
                began.elapsed() < PATIENCE,
                "the shop is not ready: {}",
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
