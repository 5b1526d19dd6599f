//! See `msf_bench::servers::users`.

fn main() -> std::process::ExitCode {
    msf_bench::servers::users::main()
}
