//! Real processes: the test binary runs itself again as the program of a test.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use msf_service::Exit;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// Which program the test binary is to be, and its arguments: absent in the test binary itself.
const PROGRAM: &str = "MSF_TEST_PROGRAM";
const ARGUMENTS: &str = "MSF_TEST_ARGUMENTS";
/// The longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

type Variables = Vec<(std::ffi::OsString, std::ffi::OsString)>;

/// The body of each test binary's `#[test] fn entry()`: returns at once, unless this is a process that [`program`] started.
pub(crate) fn become_program(run: impl FnOnce(&str, Vec<std::ffi::OsString>, Variables) -> Exit) {
    let Ok(name) = std::env::var(PROGRAM) else {
        return;
    };
    let arguments = std::env::var(ARGUMENTS).unwrap();
    let arguments = std::iter::once(name.as_str().into())
        .chain(
            arguments
                .split('\n')
                .filter(|part| !part.is_empty())
                .map(Into::into),
        )
        .collect();
    let variables = std::env::vars_os()
        .filter(|(name, _)| name != PROGRAM && name != ARGUMENTS)
        .collect();
    let exit = run(&name, arguments, variables);
    #[expect(
        clippy::disallowed_methods,
        reason = "the test harness around this has no other way to end with this code"
    )]
    std::process::exit(exit.code().into());
}

/// A program that is about to start, in an empty folder and with an empty environment.
pub(crate) struct Start {
    command: Command,
    arguments: Vec<String>,
    pub(crate) folder: PathBuf,
}

/// The program `name` of this test binary.
pub(crate) fn program(name: &str) -> Start {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("process-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "entry", "--nocapture", "--quiet"])
        .env_clear()
        .env(PROGRAM, name)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Start {
        command,
        arguments: Vec::new(),
        folder,
    }
}

impl Start {
    pub(crate) fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments
            .extend(arguments.into_iter().map(str::to_owned));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Puts a file into its folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.join(name), text).unwrap();
        self
    }

    fn spawn(mut self) -> Running {
        self.command.env(ARGUMENTS, self.arguments.join("\n"));
        let began = Instant::now();
        let mut child = self.command.spawn().unwrap();
        let (stdout, reader) = collect(child.stdout.take().unwrap());
        Running {
            stdout,
            reader,
            stderr: collect(child.stderr.take().unwrap()).0,
            ready: Value::Null,
            folder: self.folder,
            began,
            child,
        }
    }

    /// Runs it to its end.
    pub(crate) async fn end(self) -> Ended {
        self.spawn().ended().await
    }

    /// Starts it on free ports and does not wait.
    pub(crate) fn starting(self) -> Running {
        self.args(["--listen", "127.0.0.1:0"]).spawn()
    }

    /// Starts it on free ports and waits until it says that it is ready.
    pub(crate) async fn ready(self) -> Running {
        let mut running = self
            .args(["--listen", "127.0.0.1:0", "--ready-file", "ready.json"])
            .spawn();
        let text = wait_for(&mut running.stderr, |text| {
            text.lines().any(|line| line.starts_with("{\"ready\":"))
        });
        if let Err(text) = text.await {
            panic!("not ready: {text}");
        }
        let file = std::fs::read_to_string(running.folder.join("ready.json")).unwrap();
        running.ready = serde_json::from_str(&file).unwrap();
        running
    }
}

/// A program that runs.
pub(crate) struct Running {
    child: Child,
    stdout: watch::Receiver<String>,
    reader: JoinHandle<()>,
    stderr: watch::Receiver<String>,
    /// The ready file.
    pub(crate) ready: Value,
    pub(crate) folder: PathBuf,
    began: Instant,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Since the last signal, or since its start.
    pub(crate) took: Duration,
}

impl Running {
    /// What it said on standard error when it was ready.
    pub(crate) fn ready_line(&self) -> String {
        let text = self.stderr.borrow();
        let line = text.lines().find(|line| line.starts_with("{\"ready\":"));
        line.unwrap_or_default().to_owned()
    }

    pub(crate) fn http(&self) -> SocketAddr {
        address(&self.ready["http"])
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        address(&self.ready["admin"])
    }

    /// Sends a signal, `TERM` or `INT`.
    pub(crate) async fn signal(&mut self, name: &str) {
        self.began = Instant::now();
        let pid = self.child.id().expect("it still runs");
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {pid}")])
            .status();
        assert!(sent.await.unwrap().success());
    }

    /// Closes our end of its standard output.
    pub(crate) async fn close_stdout(&mut self) {
        self.reader.abort();
        let _ = (&mut self.reader).await;
    }

    /// Waits until its standard output has `text`, and gives all of it.
    pub(crate) async fn logs(&mut self, text: &str) -> String {
        wait_for(&mut self.stdout, |all| all.contains(text))
            .await
            .unwrap_or_else(|all| panic!("no `{text}` in {all}"))
    }

    /// Waits until a metric, given as it is written, is at least `least`.
    pub(crate) async fn metric(&self, name: &str, least: u64) {
        let reached = async {
            loop {
                let (_, all) = get(self.admin(), "/metrics").await;
                let value = all
                    .lines()
                    .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
                if value.is_some_and(|value: u64| value >= least) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let reached = timeout(PATIENCE, reached).await;
        assert!(reached.is_ok(), "{name} does not reach {least}");
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = timeout(PATIENCE, self.child.wait()).await;
        let took = self.began.elapsed();
        let status: ExitStatus = status
            .unwrap_or_else(|late| {
                let (stdout, stderr) = (self.stdout.borrow(), self.stderr.borrow());
                panic!("it does not end: {late}: {}{}", *stdout, *stderr)
            })
            .unwrap();
        let stdout = rest(&mut self.stdout).await;
        Ended {
            code: status.code(),
            // What the test harness says first.
            stdout: stdout
                .strip_prefix("\nrunning 1 test\n")
                .unwrap_or(&stdout)
                .to_owned(),
            stderr: rest(&mut self.stderr).await,
            took,
        }
    }
}

impl Ended {
    /// The lines of the log, each of which must be a JSON object.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// The lines of the log with this message.
    pub(crate) fn logged(&self, message: &str) -> Vec<Value> {
        self.log()
            .into_iter()
            .filter(|line| line["message"] == message)
            .collect()
    }
}

/// The host and port of a URL.
pub(crate) fn address(url: &Value) -> SocketAddr {
    let url = url.as_str().unwrap();
    let (_, address) = url.split_once("://").unwrap();
    address.parse().unwrap()
}

/// GET on a new connection: status and body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, "GET", path, "", "").await
}

/// A request on a new connection with these further header lines: status and body.
pub(crate) async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> (u16, String) {
    let (status, _, body) = exchange(address, method, path, headers, body).await;
    (status, body)
}

/// The same, with the head of the answer.
pub(crate) async fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> (u16, String, String) {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let answer = async {
        let mut tcp = TcpStream::connect(address).await?;
        tcp.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = timeout(PATIENCE, answer).await.expect("no answer").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

/// Reads a file that the test wrote or expects.
pub(crate) fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Reads all of a pipe while the program runs, so that it never waits for us.
fn collect(
    pipe: impl AsyncRead + Unpin + Send + 'static,
) -> (watch::Receiver<String>, JoinHandle<()>) {
    let (sender, receiver) = watch::channel(String::new());
    let reader = tokio::spawn(async move {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe
            .read_until(b'\n', &mut line)
            .await
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8(std::mem::take(&mut line)).expect("UTF-8");
            sender.send_modify(|all| all.push_str(&text));
        }
    });
    (receiver, reader)
}

/// What was collected once `test` holds of it; an error when it ends or takes too long before.
async fn wait_for(
    output: &mut watch::Receiver<String>,
    found: impl Fn(&str) -> bool,
) -> Result<String, String> {
    let seen = async { output.wait_for(|all| found(all)).await.is_ok() };
    let seen = timeout(PATIENCE, seen).await == Ok(true);
    let all = output.borrow().clone();
    if seen { Ok(all) } else { Err(all) }
}

/// All of it, once the pipe has ended.
async fn rest(text: &mut watch::Receiver<String>) -> String {
    let _ = timeout(PATIENCE, text.wait_for(|_| false)).await;
    text.borrow().clone()
}
