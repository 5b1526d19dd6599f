//! A process that is measured: started, its log read, ended.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Cores, CpuReading, Memory, Place};

/// How long a process may take until it answers, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a window, or a whole variant, does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Void {
    why: String,
    passing: bool,
}

/// A running process. Dropped, it is told to stop, and killed where it does not.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    ready: Value,
    started: Instant,
    ready_file: PathBuf,
}

impl Void {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            passing: false,
        }
    }

    /// For what says nothing of the measured, and is over when it is measured again.
    pub(crate) fn passing(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            passing: true,
        }
    }

    pub(crate) fn is_passing(&self) -> bool {
        self.passing
    }
}

impl fmt::Display for Void {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Void {}

impl From<std::io::Error> for Void {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl Process {
    /// Starts `command` with a ready file in `folder` (`--ready-file FILE` is added) and waits until it is there.
    ///
    /// What it writes goes into pipes that are read and thrown away: a log costs what it costs with a reader.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        place: Place,
        cores: &Cores,
        folder: &Path,
    ) -> Result<Self, Void> {
        let ready_file = folder.join(format!("{name}-{}.json", unique()));
        command
            .arg("--ready-file")
            .arg(&ready_file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        cores.move_to(place)?;
        let started = Instant::now();
        let spawned = command.spawn();
        cores.move_to(Place::Other)?;
        let mut child = spawned.map_err(|error| {
            Void::new(format!(
                "{name}: {}: {error}",
                command.get_program().display()
            ))
        })?;
        drain(child.stdout.take(), cores.clone());
        let complaint = read_whole(child.stderr.take());
        let ready = wait_for(&ready_file, &mut child);
        let mut process = Self {
            name: name.to_owned(),
            child,
            ready: Value::Null,
            started,
            ready_file,
        };
        match ready {
            Ok(ready) => {
                process.ready = ready;
                Ok(process)
            }
            Err(why) => {
                let _ = process.child.kill();
                let said = complaint.join().unwrap_or_default();
                Err(Void::new(format!(
                    "{name} did not get ready: {why}: {said}"
                )))
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// What its ready file says.
    pub(crate) fn ready(&self) -> &Value {
        &self.ready
    }

    /// `HOST:PORT` of the main port.
    pub(crate) fn address(&self) -> Result<&str, Void> {
        self.ready["http"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://"))
            .ok_or_else(|| Void::new(format!("{}: no address in its ready file", self.name)))
    }

    pub(crate) fn cpu(&self) -> Result<CpuReading, Void> {
        CpuReading::of(self.pid())
    }

    pub(crate) fn memory(&self) -> Result<Memory, Void> {
        Memory::of(self.pid())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let until = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.ready_file);
    }
}

fn wait_for(ready_file: &Path, child: &mut Child) -> Result<Value, Void> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        // Renamed into place, so that it is whole once it is there.
        if let Ok(text) = std::fs::read(ready_file) {
            return serde_json::from_slice(&text)
                .map_err(|error| Void::new(format!("its ready file: {error}")));
        }
        if !matches!(child.try_wait(), Ok(None)) {
            return Err(Void::new("it ended"));
        }
        thread::sleep(Duration::from_micros(500));
    }
    Err(Void::new("it took too long"))
}

fn drain(pipe: Option<impl Read + Send + 'static>, cores: Cores) {
    let Some(mut pipe) = pipe else { return };
    thread::spawn(move || {
        // Never on the core of what is measured.
        let _ = cores.move_to(Place::Other);
        let mut buffer = vec![0; 1 << 16];
        while pipe.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
}

fn read_whole(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut said);
        }
        String::from_utf8_lossy(&said).trim().to_owned()
    })
}

fn unique() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
