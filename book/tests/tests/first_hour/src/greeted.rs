//! An event, and what the service does when it comes.

use msf_service::prelude::*;

/// Somebody was greeted.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Event)]
#[event(name = "greetings.greeted")]
pub struct Greeted {
    pub(crate) name: String,
}

/// An error would bring the event back: later, and again, until it is a dead letter.
pub(crate) async fn greeted(event: Delivery<Greeted>) -> Handled {
    tracing::info!(name = event.name, "greeted");
    Ok(())
}
