//! The tests that are too long for every day.
//!
//! Such a test is named `soak_*` and marked `#[ignore = "soak"]`, beside the short test of the same thing.

use std::path::Path;

use crate::{Outcome, metadata};

pub(crate) fn run(root: &Path) -> Outcome {
    let status = metadata::cargo(root)
        .args([
            "test",
            "--workspace",
            "--locked",
            "--",
            "--ignored",
            "soak_",
        ])
        .status()
        .map_err(|error| vec![format!("cargo test did not start: {error}")])?;
    if status.success() {
        Ok(String::from("the long tests passed"))
    } else {
        Err(vec![format!("cargo test: {status}")])
    }
}
