//! The compile errors of `derive(Event)`: one mistake a file, its words checked to the letter.

use std::process::Command;

/// Only this compiler's words are compared; another may lay out its own part differently.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn mistakes_in_attributes_are_taught() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc answers")
        .stdout;
    let version = String::from_utf8_lossy(&version);
    if version.starts_with(COMPILER) {
        // No case that compiles is among them: then nothing needs more than a check.
        trybuild::TestCases::new().compile_fail("tests/ui/event/*.rs");
    } else {
        eprintln!("skipped: the words are those of {COMPILER}x, this is {version}");
    }
}
