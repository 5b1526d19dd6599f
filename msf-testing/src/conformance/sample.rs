//! The events that the cases send.

use msf_bus::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event that is told from the others by its number.
#[derive(Serialize, Deserialize, Event)]
#[event(name = "conformance.sample", crate = "msf_bus")]
pub(super) struct Sample {
    pub(super) number: u32,
}

/// Its number, if it is a sample.
pub(super) fn number(envelope: &Envelope) -> Result<u32, String> {
    let sample: Sample = serde_json::from_slice(&envelope.data)
        .map_err(|error| format!("the data of an event came as something else: {error}"))?;
    Ok(sample.number)
}

/// A few letters that no earlier run has used.
pub(super) fn unique() -> String {
    let mut text = Uuid::new_v4().simple().to_string();
    text.truncate(12);
    text
}
