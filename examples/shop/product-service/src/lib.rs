//! Products of the shop: what it sells, for how much, and how many are left.
//!
//! `domain` has the rules, `application` the use cases over traits, `adapters` the real parts behind them, `transport` the
//! gRPC side, and [`app`] puts them together. There is nothing to set but what every service has.

pub mod application;
pub mod domain;

mod adapters;
mod app;
mod transport;

pub use app::{NAME, PORT, app};
