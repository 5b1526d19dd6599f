//! msf-core.
#![deny(missing_docs)]

pub mod clock;
pub mod component;
pub mod health;
