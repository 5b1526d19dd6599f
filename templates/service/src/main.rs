//! The service in a process of its own.

use {{crate_name}}::app;

fn main() -> std::process::ExitCode {
    msf_service::run(msf_service::info!(), app)
}
