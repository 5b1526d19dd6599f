//! Events of the apps of a process: one transport for all of them, opened when the first needs it.
//!
//! What people wrongly assume:
//!
//! - *"Each app has a broker connection of its own."* Apps of one process share one, as they share a runtime; so do apps of a
//!   test that share a [`Local`](crate::client::Local).
//! - *"An app that never publishes opens nothing, so `config --check` is free of it."* An app with subscriptions opens the
//!   transport when it is put together; whoever only looks at it gets a folder that ends with the look.

mod app_events;
mod shared;
mod subscriptions;

pub(crate) use app_events::AppEvents;
pub(crate) use shared::SharedTransport;
pub(crate) use subscriptions::refuse_names;

/// The file of the embedded transport, in the data folder.
pub(crate) const BUS_FILE: &str = "bus.db";
