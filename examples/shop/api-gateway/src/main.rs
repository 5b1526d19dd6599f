//! The gateway in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    msf_service::run(
        msf_service::info!().port(api_gateway::PORT),
        api_gateway::app,
    )
}
