//! Events that are to leave with a change of state.

use crate::{EncodeError, Envelope, Event};

/// Events that are stored with an aggregate, in the same write, and published once that is done.
///
/// Made where the decision is, handed to the repository, staged by its adapter: see [`crate::outbox`]. What is wrong with an
/// event shows when it is staged, and then nothing of the write is stored.
///
/// ```
/// # use msf_bus::{Event, Outgoing};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(name = "orders.order-placed", crate = "msf_bus")]
/// # struct OrderPlaced { order_id: String }
/// let outgoing = Outgoing::one(OrderPlaced { order_id: "o-7".to_owned() });
/// assert_eq!(outgoing.into_envelopes().unwrap()[0].event_type, "orders.order-placed.v1");
/// assert!(Outgoing::none().is_empty());
/// ```
#[derive(Debug)]
#[must_use = "events that are not handed to a store are lost"]
pub struct Outgoing(Result<Vec<Envelope>, EncodeError>);

impl Outgoing {
    /// No event.
    pub fn none() -> Self {
        Self(Ok(Vec::new()))
    }

    /// One event, in the context of the current request.
    pub fn one<E: Event>(event: E) -> Self {
        Self::none().and(event)
    }

    /// A further event, which is published after those before it.
    pub fn and<E: Event>(self, event: E) -> Self {
        Self(self.0.and_then(|mut envelopes| {
            envelopes.push(Envelope::of(&event)?);
            Ok(envelopes)
        }))
    }

    /// Whether there is nothing to publish.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_ok_and(Vec::is_empty)
    }

    /// The events in their order, for a store that stages them.
    ///
    /// # Errors
    ///
    /// The first event that could not be written as JSON.
    pub fn into_envelopes(self) -> Result<Vec<Envelope>, EncodeError> {
        self.0
    }
}
