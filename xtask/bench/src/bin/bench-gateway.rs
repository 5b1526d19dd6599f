//! See `msf_bench::servers::gateway`.

fn main() -> std::process::ExitCode {
    msf_bench::servers::gateway::main()
}
