//! One event, handed to one handler, for the first time or once more.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use crate::{Envelope, EventId};

/// An event in the hands of its handler. It reads like the event itself.
///
/// ```
/// # use msf_bus::{Delivery, Event, Handled};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(name = "orders.order-placed", crate = "msf_bus")]
/// # struct OrderPlaced { order_id: String }
/// async fn placed(delivery: Delivery<OrderPlaced>) -> Handled {
///     println!("{} is {} of attempt {}", delivery.order_id, delivery.id(), delivery.attempt());
///     Ok(())
/// }
/// # let _ = placed;
/// ```
pub struct Delivery<E> {
    event: E,
    envelope: Envelope,
    attempt: u32,
    receipt: Receipt,
}

/// What an inbox records: that this subscription has had the effect of this event.
///
/// A clone is the same delivery.
///
/// ```
/// use msf_bus::{EventId, Receipt};
/// let receipt = Receipt::new("email-service.welcome-mail", EventId::random(), std::time::SystemTime::UNIX_EPOCH);
/// assert!(!receipt.is_repeated());
/// ```
#[derive(Clone, Debug)]
pub struct Receipt {
    subscription: Arc<str>,
    id: EventId,
    at: SystemTime,
    repeated: Arc<AtomicBool>,
}

impl<E> Delivery<E> {
    /// Makes one; a subscription does, and a test of a handler.
    pub fn new(event: E, envelope: Envelope, attempt: u32, receipt: Receipt) -> Self {
        Self {
            event,
            envelope,
            attempt,
            receipt,
        }
    }

    /// The id of the event, the same for every delivery of it.
    pub fn id(&self) -> EventId {
        self.envelope.id
    }

    /// The event.
    pub fn event(&self) -> &E {
        &self.event
    }

    /// The event itself.
    pub fn into_event(self) -> E {
        self.event
    }

    /// How often it was tried, this one included: 1 is the first.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What it came in.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// What an inbox records in the same write as the effect.
    pub fn receipt(&self) -> Receipt {
        self.receipt.clone()
    }
}

impl<E> Deref for Delivery<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}

// The event may hold what must not be in a log.
impl<E> fmt::Debug for Delivery<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("envelope", &self.envelope)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl Receipt {
    /// That the subscription (`SERVICE.NAME`) received the event `id` at `at`.
    pub fn new(subscription: impl Into<Arc<str>>, id: EventId, at: SystemTime) -> Self {
        Self {
            subscription: subscription.into(),
            id,
            at,
            repeated: Arc::default(),
        }
    }

    /// The durable name of the subscription: `SERVICE.NAME`.
    pub fn subscription(&self) -> &str {
        &self.subscription
    }

    /// The id of the event.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// When this delivery came.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// For an inbox: says that the effect was there already, so that the log tells a duplicate from a first.
    pub fn mark_repeated(&self) {
        self.repeated.store(true, Ordering::Relaxed);
    }

    /// Whether an inbox has found the effect to be there already.
    pub fn is_repeated(&self) -> bool {
        self.repeated.load(Ordering::Relaxed)
    }
}
