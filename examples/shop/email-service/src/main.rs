//! The email-service in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    msf_service::run(
        msf_service::info!().port(email_service::PORT),
        email_service::app,
    )
}
