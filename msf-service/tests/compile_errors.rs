//! What the compiler says to whoever forgets a rule. The texts are exact, so one compiler is asked: rustc 1.95.

use std::process::Command;

#[test]
fn forgotten_rules_do_not_compile() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.expect("a compiler").stdout;
    if !version.starts_with(b"rustc 1.95.") {
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
