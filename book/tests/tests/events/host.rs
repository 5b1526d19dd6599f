//! Both services in one process.

use crate::{billing, orders};

// ANCHOR: host
use std::process::ExitCode;

use msf_service::{Host, Info};

fn host() -> Host {
    Host::new(Info::new("shop", env!("CARGO_PKG_VERSION")))
        .app("orders", orders::app)
        .app("billing", billing::app)
}

fn main() -> ExitCode {
    host().run()
}
// ANCHOR_END: host

#[test]
fn both_apps_can_be_made_and_have_their_rules() {
    let checked = host().run_with(["shop", "config", "--check"].map(Into::into), []);
    assert_eq!(checked, msf_service::Exit::Clean);
    let wrong = [
        "shop",
        "--set",
        "billings.http.listen=1",
        "config",
        "--check",
    ];
    let refused = host().run_with(wrong.map(Into::into), []);
    assert_eq!(refused, msf_service::Exit::Configuration);
}
