//! Sessions of the shop: login, refresh, logout, and the keys that access tokens are signed with.
//!
//! `domain` has the rules, `application` the use cases over traits, `adapters` the real parts behind them, `transport` the
//! gRPC side, and [`app`] puts them together. Passwords are the user-service's: this one never sees a hash.

pub mod application;
pub mod domain;

mod adapters;
mod app;
mod config;
mod transport;

pub use app::{NAME, PORT, app};
pub use config::{Auth, Config};
