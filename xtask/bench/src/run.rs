//! One run: measures what is asked for, then reports.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

use std::process::{Command, ExitCode};
use std::time::{Instant, SystemTime};

use crate::arguments::Arguments;
use crate::measure::{Cores, Pace, Place, Void};
use crate::model::{Machine, Report};
use crate::progress::Progress;
use crate::report;
use crate::sections::{self, Bench};

/// Runs what the command line asks for. Fails where a window was void.
pub fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(mistake) => {
            eprintln!("{mistake}");
            return ExitCode::from(2);
        }
    };
    let report = match measure(&arguments) {
        Ok(report) => report,
        Err(void) => {
            eprintln!("error: {void}");
            return ExitCode::FAILURE;
        }
    };
    print!("{}", report::table(&report));
    let written = report::write(
        &report,
        arguments.json.as_deref(),
        arguments.plots.as_deref(),
    );
    if let Err(error) = written {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    if report.void.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn measure(arguments: &Arguments) -> Result<Report, Void> {
    let cores = Cores::of_this_process()?;
    let mut machine = machine(&cores)?;
    // The load and the clock run beside the measured core, not on it.
    cores.move_to(Place::Other)?;
    let programs = std::env::current_exe()?;
    let programs = programs.parent().map(Into::into).unwrap_or_default();
    let scratch = tempfile::tempdir()?;
    let mut bench = Bench {
        pace: if arguments.quick {
            Pace::QUICK
        } else {
            Pace::FULL
        },
        quick: arguments.quick,
        cores,
        programs,
        scratch: scratch.path().to_owned(),
        progress: Progress::new(),
    };
    let began = Instant::now();
    let (mut found, mut goals) = (Vec::new(), Vec::new());
    for name in sections::NAMES.iter().filter(|name| arguments.wants(name)) {
        bench.progress.section(name);
        match sections::measure(name, &mut bench) {
            Ok(section) => {
                found.extend(section.sections);
                goals.extend(section.goals);
            }
            Err(void) => bench.progress.void(format!("{name}: {void}")),
        }
    }
    machine.seconds = began.elapsed().as_secs();
    machine.load_after = load_average()?;
    Ok(Report {
        machine,
        quick: arguments.quick,
        sections: found,
        goals,
        void: bench.progress.into_void(),
    })
}

fn machine(cores: &Cores) -> Result<Machine, Void> {
    let of = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.map(|line| line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
    };
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let memory = of("/proc/meminfo", "MemTotal").unwrap_or_default();
    let memory: Option<u64> = memory.trim_end_matches("kB").trim().parse().ok();
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let began = since.map(|since| since.as_secs()).unwrap_or_default();
    Ok(Machine {
        cpu: of("/proc/cpuinfo", "model name").unwrap_or_default(),
        cores: cores.count(),
        memory_mib: memory.unwrap_or_default() / 1024,
        kernel: of("/proc/sys/kernel/osrelease", "").unwrap_or_default(),
        rustc: said("rustc", &["--version"]).unwrap_or_default(),
        commit: said("git", &["rev-parse", "--short=16", "HEAD"]).unwrap_or_default(),
        began: said("date", &["-u", "-d", &format!("@{began}"), "+%FT%TZ"]).unwrap_or_default(),
        seconds: 0,
        load_before: load_average()?,
        load_after: 0.0,
    })
}

fn load_average() -> Result<f64, Void> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    let first = text.split_ascii_whitespace().next();
    first
        .and_then(|first| first.parse().ok())
        .ok_or_else(|| Void::new("/proc/loadavg has no number"))
}
