//! What is too long for every day: tests, and the benchmark.
//!
//! A test is one of cargo, or a script. One of cargo is named `soak_*` and marked `#[ignore = "soak"]`, beside the short test of the same thing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Outcome, bench, metadata};

/// What is tested, and which of its long tests.
const RUNS: [(&[&str], &str); 2] = [
    (&["--workspace"], "soak_"),
    // Ends a process at named points, which a program that users run cannot.
    (
        &["--package", "shop", "--features", "crash-points"],
        "crash_point",
    ),
];

/// What is long and no test of cargo.
const SCRIPTS: [&[&str]; 1] = [&[".ci/api-check", "--long"]];

pub(crate) fn run(root: &Path) -> Outcome {
    let mut passed = 0;
    let mut mistakes = Vec::new();
    for (what, names) in RUNS {
        match test(root, what, names) {
            Ok(count) => passed += count,
            Err(mistake) => mistakes.push(mistake),
        }
    }
    for script in SCRIPTS {
        match bash(root, script) {
            Ok(()) => passed += 1,
            Err(mistake) => mistakes.push(mistake),
        }
    }
    // The last, when nothing else of this command works beside it.
    match bench::run(root, &[]) {
        Ok(status) if status.success() => {}
        Ok(status) => mistakes.push(format!("cargo xtask bench: {status}")),
        Err(more) => mistakes.extend(more),
    }
    if mistakes.is_empty() {
        Ok(format!("{passed} long tests passed, and the benchmark ran"))
    } else {
        Err(mistakes)
    }
}

fn bash(root: &Path, script: &[&str]) -> Result<(), String> {
    let named = script.join(" ");
    let ended = Command::new("bash")
        .args(script)
        .current_dir(root)
        .status()
        .map_err(|error| format!("{named} did not start: {error}"))?;
    if ended.success() {
        Ok(())
    } else {
        Err(format!("{named}: {ended}"))
    }
}

fn test(root: &Path, what: &[&str], names: &str) -> Result<u32, String> {
    let mut child = metadata::cargo(root)
        .args(["test", "--locked", "--no-fail-fast"])
        .args(what)
        .args(["--", "--ignored", names])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo test did not start: {error}"))?;
    let mut passed = 0;
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|out| BufReader::new(out).lines())
    {
        let line = line.map_err(|error| format!("cargo test: {error}"))?;
        println!("{line}");
        passed += passed_in(&line);
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(passed),
        Ok(status) => Err(format!("cargo test {}: {status}", what.join(" "))),
        Err(error) => Err(format!("cargo test: {error}")),
    }
}

/// How many tests a closing line of a test binary counts.
fn passed_in(line: &str) -> u32 {
    line.strip_prefix("test result: ok. ")
        .and_then(|rest| rest.split_once(" passed"))
        .and_then(|(count, _)| count.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::passed_in;

    #[test]
    fn closing_lines_are_counted() {
        assert_eq!(
            passed_in("test result: ok. 3 passed; 0 failed; 0 ignored"),
            3
        );
        assert_eq!(passed_in("test edge::soak_storm ... ok"), 0);
    }
}
