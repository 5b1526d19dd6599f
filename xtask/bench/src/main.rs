//! `cargo xtask bench` builds and starts it.

fn main() -> std::process::ExitCode {
    msf_bench::main()
}
