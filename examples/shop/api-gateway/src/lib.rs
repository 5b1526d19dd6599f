//! The HTTP API of the shop: HTTP in, gRPC out, no business rule.
//!
//! The gateway verifies the access token of a request once and hands each service a short-lived signed identity instead.
//! What is valid is the services' to say: their violations come back as the fields of the body they came from.

mod adapters;
mod app;
mod config;
mod transport;

pub use app::{NAME, PORT, app};
pub use config::{Auth, Config};
