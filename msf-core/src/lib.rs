//! What a request carries and every layer it passes, for any axum `Router` and any tonic `Server`.
//!
//! Each room is one concern: [`context`] (correlation id, trace, deadline), [`access`] (principals and rules),
//! [`error`] (one error for HTTP and gRPC), [`observe`] (span, log line, metrics), [`resilience`] (bounds), [`settings`] (every source,
//! every mistake at once), [`health`], [`component`] and
//! [`clock`]. `msf-service` puts them together; nothing here needs it.
#![deny(missing_docs)]

pub mod access;
pub mod clock;
pub mod component;
pub mod context;
pub mod error;
pub mod health;
pub mod observe;
pub mod resilience;
pub mod settings;

/// Any error that can cross threads: what user code may fail with where msf calls it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A boxed future that can cross threads.
pub use futures_util::future::BoxFuture;
