//! msf-service.
#![deny(missing_docs)]

pub mod admin;
pub mod client;
pub mod edge;
pub mod grpc;
pub mod telemetry;

/// Includes the code that `msf_build::compile` generated in the build script.
///
/// With the name of a package, as the proto spells it, its code alone; `_` is the package of protos without one:
///
/// ```ignore
/// mod pb { msf_service::include_proto!("hello.v1"); }
/// ```
///
/// Without a name every package that was compiled, each as deep in modules as its name is long. Take this one where a
/// package uses messages of another, for they are named relative to it:
///
/// ```ignore
/// mod pb { msf_service::include_proto!(); }   // pb::shop::user::v1, pb::shop::common::v1
/// ```
#[macro_export]
macro_rules! include_proto {
    () => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/all-packages.rs"));
    };
    ($package:literal) => {
        ::core::include!(::core::concat!(
            ::core::env!("OUT_DIR"),
            "/",
            $package,
            ".rs"
        ));
    };
}

/// What generated code needs; no part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use {prost, prost_types, tonic, tonic_prost};

    pub mod access {
        pub use msf_core::access::{ClientStream, RpcName, Rule};
    }

    pub mod grpc {
        pub use crate::grpc::{Guarded, ServiceInfo};
    }
}
