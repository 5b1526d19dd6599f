//! What msf costs.
//!
//! Everything that is measured is a process of its own, and what is compared alternates in one run. A window with any
//! answer but the expected one is void, and a run with a void window fails. What is compared with msf is written in
//! [`servers`] with axum and tonic alone, and does the same work.
//!
//! ```no_run
//! // `cargo xtask bench` builds the programs in release and starts this:
//! let exit = msf_bench::main();
//! ```
#![expect(
    clippy::disallowed_methods,
    reason = "it measures real time, on threads of its own that run no service"
)]

mod arguments;
mod measure;
mod model;
mod progress;
mod report;
mod run;
mod sections;
pub mod servers;

pub use run::main;

/// The generated service behind the measured gateways, as users of msf have it.
mod pb {
    msf_service::include_proto!("bench.v1");
}

/// The same, as users of tonic alone have it.
#[allow(
    clippy::all,
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "generated"
)]
mod plain {
    include!(concat!(env!("OUT_DIR"), "/plain/bench.v1.rs"));
}
