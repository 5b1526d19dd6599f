//! The gateway and the service behind it as two apps of one process.

use std::process::ExitCode;

use msf_service::{Host, Info};

use super::{GATEWAY, USERS, gateway, users};

/// Runs both.
pub fn main() -> ExitCode {
    Host::new(Info::new("bench-both", env!("CARGO_PKG_VERSION")))
        .app(GATEWAY, gateway::app)
        .app(USERS, users::app)
        .run()
}
