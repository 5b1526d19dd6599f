//! What each published crate would upload.
//!
//! `cargo package` itself catches a path dependency without a version and an `include_str!` that
//! climbs out of the package; it does not miss a licence text or a README, so they are asked for here.

use std::path::Path;

use serde_json::Value;

use crate::{Outcome, metadata};

const FILES: &[&str] = &[
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "src/lib.rs",
];
const MEMBERS: &[&str] = &[
    "description",
    "license",
    "readme",
    "repository",
    "rust_version",
];

pub(crate) fn check(root: &Path) -> Outcome {
    let packages = metadata::packages(root)?;
    let mut mistakes = Vec::new();
    let mut names = Vec::new();
    for package in packages
        .iter()
        .filter(|package| metadata::is_published(package))
    {
        names.push(metadata::text(package, "name"));
        mistakes.extend(manifest(package));
        mistakes.extend(contents(root, metadata::text(package, "name")));
    }
    if mistakes.is_empty() {
        mistakes.extend(archives(root, &names));
    }
    if mistakes.is_empty() {
        Ok(format!(
            "{} crates can be packaged: {}",
            names.len(),
            names.join(", ")
        ))
    } else {
        Err(mistakes)
    }
}

/// The members of the manifest that a registry shows or that docs.rs reads.
fn manifest(package: &Value) -> Vec<String> {
    let name = metadata::text(package, "name");
    let mut mistakes: Vec<String> = MEMBERS
        .iter()
        .filter(|member| metadata::text(package, member).is_empty())
        .map(|member| format!("{name}: Cargo.toml has no `{member}`"))
        .collect();
    if package["metadata"]["docs"]["rs"]["all-features"] != true {
        mistakes.push(format!(
            "{name}: no [package.metadata.docs.rs] with all-features = true"
        ));
    }
    mistakes
}

/// The files of the archive.
fn contents(root: &Path, name: &str) -> Vec<String> {
    let listing = metadata::cargo(root)
        .args([
            "package",
            "--list",
            "--allow-dirty",
            "--locked",
            "--package",
            name,
        ])
        .output();
    let listing = match listing {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            return vec![format!(
                "{name}: cargo package --list: {}",
                String::from_utf8_lossy(&output.stderr)
            )];
        }
        Err(error) => return vec![format!("{name}: cargo package did not start: {error}")],
    };
    let listing = String::from_utf8_lossy(&listing);
    FILES
        .iter()
        .filter(|file| !listing.lines().any(|line| line == **file))
        .map(|file| format!("{name}: the package has no {file}"))
        .collect()
}

/// Writes the archives, without building each of them once more.
fn archives(root: &Path, names: &[&str]) -> Vec<String> {
    let mut command = metadata::cargo(root);
    command.args([
        "package",
        "--no-verify",
        "--allow-dirty",
        "--locked",
        "--quiet",
    ]);
    for name in names {
        command.args(["--package", name]);
    }
    match command.status() {
        Ok(status) if status.success() => Vec::new(),
        Ok(status) => vec![format!("cargo package: {status}")],
        Err(error) => vec![format!("cargo package did not start: {error}")],
    }
}
