//! What rustdoc knows about the public API of our crates, as JSON.
//!
//! The format is unstable, so rustdoc wants `RUSTC_BOOTSTRAP`. Build scripts look at that variable too, and cargo would build half of the
//! tree anew: this program therefore stands in for rustdoc, and sets the variable for it alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::metadata;

/// Set where this program is to be rustdoc.
const REAL: &str = "MSF_XTASK_RUSTDOC";

/// Runs rustdoc where cargo took this program for it.
pub(crate) fn stand_in() -> Option<ExitCode> {
    let real = std::env::var_os(REAL)?;
    let status = Command::new(&real)
        .args(std::env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    match status {
        Ok(status) if status.success() => Some(ExitCode::SUCCESS),
        Ok(_) => Some(ExitCode::FAILURE),
        Err(error) => {
            eprintln!("{} did not start: {error}", real.display());
            Some(ExitCode::FAILURE)
        }
    }
}

/// The documentation of each published crate, with all its features, as docs.rs shows it.
pub(crate) fn of_published(
    root: &Path,
    packages: &[Value],
) -> Result<BTreeMap<String, Value>, Vec<String>> {
    let names: Vec<&str> = packages
        .iter()
        .filter(|package| metadata::is_published(package))
        .map(|package| metadata::text(package, "name"))
        .collect();
    let folder = document(root, &names)?;
    let mut documented = BTreeMap::new();
    let mut mistakes = Vec::new();
    for name in names {
        let file = folder.join(format!("{}.json", name.replace('-', "_")));
        let json = std::fs::read(&file)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                serde_json::from_slice::<Value>(&text).map_err(|error| error.to_string())
            });
        match json {
            Ok(json) if json["index"].is_object() && json["paths"].is_object() => {
                documented.insert(name.to_owned(), json);
            }
            Ok(json) => mistakes.push(format!(
                "{}: format {} of rustdoc is not known here",
                file.display(),
                json["format_version"]
            )),
            Err(error) => mistakes.push(format!("{}: {error}", file.display())),
        }
    }
    if mistakes.is_empty() {
        Ok(documented)
    } else {
        Err(mistakes)
    }
}

/// Writes the files and answers with their folder.
fn document(root: &Path, names: &[&str]) -> Result<PathBuf, Vec<String>> {
    let this = std::env::current_exe().map_err(|error| vec![format!("this program: {error}")])?;
    let real = std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let mut command = metadata::cargo(root);
    command
        .args([
            "doc",
            "--no-deps",
            "--lib",
            "--all-features",
            "--locked",
            "--quiet",
        ])
        .args(names.iter().flat_map(|name| ["--package", name]))
        .env("RUSTDOC", this)
        .env(REAL, real)
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    match command.status() {
        Ok(status) if status.success() => Ok(metadata::target_directory(root)?.join("doc")),
        Ok(status) => Err(vec![format!("cargo doc: {status}")]),
        Err(error) => Err(vec![format!("cargo doc did not start: {error}")]),
    }
}
