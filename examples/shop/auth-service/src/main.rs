//! The auth-service in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    msf_service::run(
        msf_service::info!().port(auth_service::PORT),
        auth_service::app,
    )
}
