//! Somebody has left, and what the service does then.

use msf_service::prelude::*;

/// Somebody has left.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Event)]
#[event(name = "greetings.left")]
pub struct Left {
    pub(crate) name: String,
}

pub(crate) async fn say_goodbye(event: Delivery<Left>) -> Handled {
    tracing::info!(name = event.name, "goodbye");
    Ok(())
}
