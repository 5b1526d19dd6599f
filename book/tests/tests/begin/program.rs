//! The service in a process of its own.

use crate::greetings;

// ANCHOR: main
use std::process::ExitCode;

fn main() -> ExitCode {
    msf_service::run(msf_service::info!(), greetings::app)
}
// ANCHOR_END: main
