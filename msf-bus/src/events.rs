//! The events of one service: publish, relay, subscribe.

use std::fmt;
use std::sync::Arc;

use msf_core::clock::Clock;
use msf_core::component::Component;

use crate::consumer::Consumer;
use crate::outbox::{Outbox, Relay};
use crate::{Envelope, Event, EventId, PublishError, Subscription, Transport};

/// The events of one service, over some transport. A clone is the same.
///
/// ```
/// # use msf_bus::{Event, Events, PublishError};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(name = "hello.greeted", crate = "msf_bus")]
/// # struct Greeted { name: String }
/// async fn greet(events: &Events) -> Result<(), PublishError> {
///     events.publish(Greeted { name: "Ana".to_owned() }).await?;
///     Ok(())
/// }
/// # let _ = greet;
/// ```
#[derive(Clone)]
pub struct Events {
    service: Arc<str>,
    transport: Arc<dyn Transport>,
    clock: Clock,
}

impl Events {
    /// The events of `service`, over `transport`.
    pub fn new(service: impl Into<Arc<str>>, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        Self {
            service: service.into(),
            transport,
            clock,
        }
    }

    /// Publishes an event; it is durable once this returns.
    ///
    /// Not atomic with anything else: an event that tells of a change of state belongs into the same write as that, see
    /// [`crate::outbox`].
    ///
    /// # Errors
    ///
    /// [`PublishError`]; the event may have been published all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may have published the event or not.
    pub async fn publish<E: Event>(&self, event: E) -> Result<EventId, PublishError> {
        let mut envelope = Envelope::of(&event)?;
        envelope.time = self.clock.now();
        envelope.source = format!("/services/{}", self.service);
        let id = envelope.id;
        crate::record::publish(&*self.transport, vec![envelope])
            .await
            .pop()
            .unwrap_or_else(|| Err(PublishError::unavailable("the transport said nothing")))?;
        Ok(id)
    }

    /// The part of the service that publishes what waits in `outbox`, once it is a component of the app.
    #[must_use = "a relay publishes nothing unless it is a component of the app"]
    pub fn relay(&self, outbox: impl Outbox) -> impl Component {
        Relay::new(Arc::new(outbox), self.clone())
    }

    /// The part of the service that hands events to the handlers of `subscription`, once it is a component of the app.
    #[must_use = "a subscription gets nothing unless it is a component of the app"]
    pub fn subscribe(&self, subscription: Subscription) -> impl Component {
        Consumer::new(subscription, self.clone())
    }

    /// What carries them.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// The name of the service.
    pub fn service(&self) -> &str {
        &self.service
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
