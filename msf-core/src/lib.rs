//! What a request carries and every layer it passes, for any axum `Router` and any tonic `Server`.
//!
//! Each room is one concern: [`context`] (correlation id, trace, deadline), [`access`] (principals and rules),
//! [`error`] (one error for HTTP and gRPC), [`observe`] (span, log line, metrics), [`resilience`] (bounds), [`settings`] (every source,
//! every mistake at once), [`health`], [`component`] and
//! [`clock`]. `msf-service` puts them together; nothing here needs it.
//!
//! What people wrongly assume: that the layers come as one block. Each is a tower layer of its own, and a server that exists takes
//! them one at a time. Here a route gets its access rule, and nobody is known to be calling:
//!
//! ```
//! use axum::{Router, routing::get};
//! use msf_core::access::{AccessLayer, Rule};
//! use msf_core::context::ContextLayer;
//! use tower::ServiceExt as _;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let reports = get(|| async { "all is well" }).route_layer(AccessLayer::new(Rule::role("auditor")));
//! let app = Router::new().route("/reports", reports).layer(ContextLayer::new());
//!
//! let request = http::Request::get("/reports").body(axum::body::Body::empty()).unwrap();
//! let answer = app.oneshot(request).await.unwrap();
//! assert_eq!(answer.status(), 401);
//! assert!(answer.headers().contains_key("x-correlation-id"));
//! # });
//! ```
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
