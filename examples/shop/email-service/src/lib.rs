//! E-mails of the shop: welcomes whoever has registered, and keeps a mailbox that one can read.
//!
//! `domain` has the mails and their templates, `application` what is done when something happened, over traits, `adapters` the
//! real parts behind them, `transport` the pages of the mailbox, and [`app`] puts them together.

pub mod application;
pub mod domain;

mod adapters;
mod app;
mod config;
mod transport;

pub use app::{NAME, PORT, app};
pub use config::{Auth, Backend, Config, Mail};
