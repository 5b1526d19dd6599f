//! Services whose generated code is tested: that it compiles under strict lints, without tonic or
//! prost in `Cargo.toml`, is the first of those tests.
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::unwrap_used
)]

/// Every package, each as deep in modules as its name is long.
pub mod pb {
    msf_service::include_proto!();
}

/// A package on its own, which names no message of another.
pub mod alone {
    msf_service::include_proto!("_");
}
