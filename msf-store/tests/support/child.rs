//! The test binary once more as a process of its own, for what only a second process can show.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PATH: &str = "MSF_STORE_TEST_PATH";
const FIRST: &str = "MSF_STORE_TEST_FIRST";
const COUNT: &str = "MSF_STORE_TEST_COUNT";
/// The harness prints to the same pipe.
const MARK: &str = "child: ";

/// A child process. It waits for [`Process::go`], and dies with this.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// What a child is told.
pub(crate) struct Orders {
    pub(crate) path: PathBuf,
    pub(crate) first: i64,
    pub(crate) count: i64,
}

impl Process {
    /// Starts the ignored test `name` of this binary with orders.
    pub(crate) fn start(name: &str, path: &Path, first: i64, count: i64) -> Self {
        let command = Command::new(env::current_exe().unwrap());
        Self::launch(command, name, path, first, count)
    }

    /// The same where no file can become larger than `kilobytes`, and writing on is an error and no signal.
    pub(crate) fn start_within(kilobytes: u32, name: &str, path: &Path) -> Self {
        let mut command = Command::new("bash");
        let script = r#"trap '' XFSZ; ulimit -S -f "$1"; shift; exec "$@""#;
        command
            .args(["-c", script, "bash", &kilobytes.to_string()])
            .arg(env::current_exe().unwrap());
        Self::launch(command, name, path, 0, 0)
    }

    /// Lifts what [`Process::start_within`] set.
    pub(crate) fn lift(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("prlimit")
            .args(["--pid", &pid, "--fsize=unlimited"])
            .status();
        assert!(status.unwrap().success());
    }

    fn launch(mut command: Command, name: &str, path: &Path, first: i64, count: i64) -> Self {
        let mut child = command
            .args([
                name,
                "--exact",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(PATH, path)
            .env(FIRST, first.to_string())
            .env(COUNT, count.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdin,
            stdout,
        }
    }

    pub(crate) fn go(&mut self) {
        self.stdin.write_all(b"go\n").unwrap();
    }

    /// The next thing that the child says; `None` once it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            // A line that was cut by the kill was not said.
            if self.stdout.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
                return None;
            }
            if let Some((_, said)) = line.split_once(MARK) {
                return Some(said.trim().to_owned());
            }
        }
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end; it must have succeeded.
    pub(crate) fn succeed(mut self) {
        while self.hear().is_some() {}
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the child failed: {status}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Orders {
    /// What this process was told as a child; waits for the parent's go.
    pub(crate) fn receive() -> Self {
        let read = |name| env::var(name).expect("runs only as a child of another test");
        let orders = Self {
            path: read(PATH).into(),
            first: read(FIRST).parse().unwrap(),
            count: read(COUNT).parse().unwrap(),
        };
        wait_for_go();
        orders
    }
}

/// Waits for the parent's [`Process::go`].
pub(crate) fn wait_for_go() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Says something to the parent, in one piece.
pub(crate) fn say(what: impl std::fmt::Display) {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(format!("{MARK}{what}\n").as_bytes())
        .unwrap();
    stdout.flush().unwrap();
}
