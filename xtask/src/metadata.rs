//! What cargo says about the workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The cargo that started this command, so that one toolchain answers everything.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// All packages of the lock file: the workspace's own and their dependencies.
pub(crate) fn packages(root: &Path) -> Result<Vec<Value>, Vec<String>> {
    match read(root)?["packages"].take() {
        Value::Array(packages) => Ok(packages),
        other => Err(vec![format!("cargo metadata: `packages` is {other}")]),
    }
}

/// Where cargo builds.
pub(crate) fn target_directory(root: &Path) -> Result<PathBuf, Vec<String>> {
    Ok(PathBuf::from(text(&read(root)?, "target_directory")))
}

fn read(root: &Path) -> Result<Value, Vec<String>> {
    let output = cargo(root)
        .args(["metadata", "--format-version", "1", "--locked"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| vec![format!("cargo metadata did not start: {error}")])?;
    if !output.status.success() {
        return Err(vec![format!("cargo metadata: {}", output.status)]);
    }
    serde_json::from_slice(&output.stdout).map_err(|error| vec![format!("cargo metadata: {error}")])
}

/// Whether the package lies in this workspace: cargo gives those no source.
pub(crate) fn is_ours(package: &Value) -> bool {
    package["source"].is_null()
}

/// Whether the package is meant for the registry: `publish = false` shows as an empty list.
pub(crate) fn is_published(package: &Value) -> bool {
    is_ours(package) && package["publish"].is_null()
}

/// A text member, empty when it is absent.
pub(crate) fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}
