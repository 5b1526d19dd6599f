//! Users of the shop: who they are, and whether a password is theirs. The hash of a password never leaves this service.
//!
//! `domain` has the rules, `application` the use cases over traits, `adapters` the real parts behind them, `transport` the
//! gRPC side, and [`app`] puts them together.

pub mod application;
pub mod domain;

mod adapters;
mod app;
mod config;
mod transport;

pub use app::{NAME, PORT, app};
pub use config::{Auth, Config, FirstAdmin};
