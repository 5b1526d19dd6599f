//! The user-service in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    msf_service::run(
        msf_service::info!().port(user_service::PORT),
        user_service::app,
    )
}
