//! Which events a service handles, by whom and within which bounds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use msf_core::BoxFuture;

use crate::decode::decode;
use crate::{Delivery, Envelope, Event, EventType, Handle, Handled, Receipt, Retry};

/// A durable subscription of a service: its name, its handlers, its bounds.
///
/// The name is what stays: under it the broker keeps what was not handled yet, over restarts and renamed types. Two
/// instances of a service share it; each event goes to one of them. Another name gets every event too, and one that is no
/// longer used goes on collecting them: a renamed subscription leaves a queue behind.
///
/// Defaults: 16 deliveries in hand, 30 s for each, [`Retry::default`], no order.
///
/// ```
/// # use msf_bus::{Delivery, Event, Handled, Retry, Subscription};
/// # use serde::{Deserialize, Serialize};
/// # use std::time::Duration;
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(name = "orders.order-placed", crate = "msf_bus")]
/// # struct OrderPlaced { order_id: String }
/// async fn placed(_: Delivery<OrderPlaced>) -> Handled { Ok(()) }
///
/// let bills = Subscription::new("bills").on(placed).ordered().concurrency(4).deadline(Duration::from_secs(5));
/// # let _ = bills;
/// ```
#[must_use]
pub struct Subscription {
    pub(crate) name: String,
    pub(crate) handlers: BTreeMap<EventType, Arc<dyn AnyHandler>>,
    pub(crate) concurrency: usize,
    pub(crate) deadline: Duration,
    pub(crate) retry: Retry,
    pub(crate) ordered: bool,
    twice: Option<EventType>,
}

impl Subscription {
    /// A subscription without handlers yet. The name is one word of `[a-z0-9-]`, unique in its service.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            handlers: BTreeMap::new(),
            concurrency: 16,
            deadline: Duration::from_secs(30),
            retry: Retry::default(),
            ordered: false,
            twice: None,
        }
    }

    /// Handles the events of one type and version; a further call adds another type, or another version of the same.
    pub fn on<E: Event>(mut self, handler: impl Handle<E>) -> Self {
        let handler = Typed {
            handler: Arc::new(handler),
            event: std::marker::PhantomData,
        };
        let event_type = EventType::of::<E>();
        let earlier = self.handlers.insert(event_type.clone(), Arc::new(handler));
        if earlier.is_some() {
            self.twice = Some(event_type);
        }
        self
    }

    /// How many deliveries may be in hand at once. At least 1. Default: 16.
    pub fn concurrency(mut self, deliveries: usize) -> Self {
        self.concurrency = deliveries.max(1);
        self
    }

    /// How long a handler may take; then it is dropped, which is a failure. Default: 30 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How often a failure is tried again, and when.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Hands out events of one key one after the other, in the order in which they were published: one that fails holds
    /// back those behind it until it is handled or a dead letter. Events without a key have no order.
    pub fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    /// Its name within the service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What makes it of no use: it has no handler, or two for one type, of which one would never be called.
    ///
    /// ```
    /// let told = msf_bus::Subscription::new("bills").mistake().unwrap();
    /// assert_eq!(told, "the subscription `bills` has no handler: add one with `.on(handler)`");
    /// ```
    pub fn mistake(&self) -> Option<String> {
        let name = &self.name;
        if let Some(event_type) = &self.twice {
            return Some(format!(
                "the subscription `{name}` has two handlers for `{event_type}`, and one would never be called: give the second \
                 a subscription of its own"
            ));
        }
        self.handlers.is_empty().then(|| {
            format!("the subscription `{name}` has no handler: add one with `.on(handler)`")
        })
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("name", &self.name)
            .field("handlers", &self.handlers.keys())
            .finish_non_exhaustive()
    }
}

/// A handler whose type of event is forgotten.
pub(crate) trait AnyHandler: Send + Sync {
    /// Decodes the event and hands it to the handler; the error is what is wrong with the data.
    fn handle(
        &self,
        envelope: Envelope,
        attempt: u32,
        receipt: Receipt,
    ) -> Result<BoxFuture<'static, Handled>, String>;
}

struct Typed<E, H> {
    handler: Arc<H>,
    event: std::marker::PhantomData<fn() -> E>,
}

impl<E: Event, H: Handle<E>> AnyHandler for Typed<E, H> {
    fn handle(
        &self,
        envelope: Envelope,
        attempt: u32,
        receipt: Receipt,
    ) -> Result<BoxFuture<'static, Handled>, String> {
        let event: E = decode(&envelope.data)?;
        let handler = Arc::clone(&self.handler);
        let delivery = Delivery::new(event, envelope, attempt, receipt);
        Ok(Box::pin(async move { handler.handle(delivery).await }))
    }
}
