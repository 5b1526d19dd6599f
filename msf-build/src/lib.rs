//! For `build.rs`: protos to Rust code, with an access table in front of every gRPC service.
//!
//! [`compile`] reads `.proto` files (no `protoc` needed) and writes, for each gRPC service, the trait
//! to implement, a **table with one access rule for each RPC**, a function that puts the table in
//! front of an implementation, and a client. The code is used with `msf_service::include_proto!`.
//!
//! What people wrongly assume: that the rules are found by the request's path. They are not. The
//! generated guard implements the same trait as the service and checks the rule *inside* each
//! method, so no spelling of a path reaches an implementation past its rule. And the tonic server
//! type is in a private module: an implementation cannot be served without its table.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), msf_build::Error> {
//!     msf_build::compile(&["proto/hello.proto"], &["proto"])
//! }
//! ```
//!
//! ```text
//! // src/main.rs
//! mod pb { msf_service::include_proto!("hello.v1"); }
//!
//! pb::guard_greeter(Hello, pb::GreeterAccess { say_hello: Rule::role("greeter") })
//! ```
//!
//! The generated code names nothing but `::msf_service`, so a service's `Cargo.toml` needs neither
//! tonic nor prost. A mistake in a proto ends the build with file, line and column.
#![deny(missing_docs)]

mod builder;
mod descriptor;
mod error;
mod package;
mod paths;
mod proto;
mod service;

pub use builder::Builder;
pub use error::Error;

use std::path::Path;

/// Compiles `protos` and what they import into `OUT_DIR`, with clients.
///
/// `includes` are the folders in which imports are looked up, in order; each of `protos` must lie in
/// one of them. Google's well-known types need no folder. Cargo runs the build script again when one
/// of the files read has changed. The same as [`Builder::new`] followed by [`Builder::compile`].
///
/// # Errors
///
/// A proto that is missing or wrong, two definitions that get the same Rust name, or an `OUT_DIR`
/// that is not set or cannot be written. `Debug`, which is what `fn main() -> Result<..>` prints, is
/// the readable text.
pub fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
    Builder::new().compile(protos, includes)
}
