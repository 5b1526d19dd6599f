//! See `msf_bench::servers::both`.

fn main() -> std::process::ExitCode {
    msf_bench::servers::both::main()
}
