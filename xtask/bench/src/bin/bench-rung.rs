//! See `msf_bench::servers::rung`.

fn main() -> std::process::ExitCode {
    msf_bench::servers::rung::main()
}
