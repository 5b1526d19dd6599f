//! What msf costs: builds what is measured and starts the benchmark, which reads the command line.
//!
//! The benchmark finds the programs beside itself.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::metadata;

/// The program that measures.
const BENCH: &str = "msf-bench";

/// What it measures, beside its own servers.
const SHOP: [&str; 6] = [
    "shop",
    "api-gateway",
    "auth-service",
    "email-service",
    "product-service",
    "user-service",
];

/// Ends as the benchmark ends.
///
/// With `--quick` everything is built as the tests are: that shows that it works, and measures nothing.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<ExitStatus, Vec<String>> {
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let bench = build(root, quick)?;
    // In the folder of the caller, whose paths the arguments have.
    Command::new(&bench)
        .args(arguments)
        .status()
        .map_err(|error| vec![format!("{} did not start: {error}", bench.display())])
}

/// Builds everything and answers with where cargo put the benchmark.
fn build(root: &Path, quick: bool) -> Result<PathBuf, Vec<String>> {
    let mut command = metadata::cargo(root);
    command
        .args(["build", "--locked", "--message-format"])
        .arg("json-render-diagnostics")
        .args(["--package", BENCH])
        .args(SHOP.iter().flat_map(|name| ["--package", name]))
        .args((!quick).then_some("--release"))
        .stderr(Stdio::inherit());
    let output = command
        .output()
        .map_err(|error| vec![format!("cargo build did not start: {error}")])?;
    if !output.status.success() {
        return Err(vec![format!("cargo build: {}", output.status)]);
    }
    executable(&String::from_utf8_lossy(&output.stdout), BENCH)
        .ok_or_else(|| vec![format!("cargo build did not say where {BENCH} is")])
}

/// The program called `name` among the messages of cargo, one in each line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_the_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"msf_bench","kind":["lib"]},"executable":null}
{"reason":"compiler-artifact","target":{"name":"bench-users","kind":["bin"]},"executable":"/t/release/bench-users"}
not JSON
{"reason":"compiler-artifact","target":{"name":"msf-bench","kind":["bin"]},"executable":"/t/release/msf-bench"}
{"reason":"build-finished","success":true}
"#;
        let found = executable(messages, BENCH);
        assert_eq!(found, Some(PathBuf::from("/t/release/msf-bench")));
        assert_eq!(executable(messages, "msf_bench"), None);
    }
}
