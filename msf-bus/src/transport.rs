//! What a broker has to do: the trait that the embedded transport implements, and one of your own.
//!
//! It knows envelopes and names, and no type of an event. A backend's author runs the conformance suite of `msf-testing`
//! over it.
//!
//! What people wrongly assume: *"a publish that failed did not happen."* The confirmation can be lost on its way. Whoever
//! tries again takes the same envelope, with the same id, and consumers have an inbox.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use msf_core::BoxFuture;
use msf_core::health::Check;

use crate::dead_letter::{DeadLetters, Reason};
use crate::{Envelope, PublishError, TransportError};

/// A broker of events.
pub trait Transport: Send + Sync + 'static {
    /// Publishes `batch` in its order and says of each, in the same order, whether it is stored durably.
    ///
    /// An event goes to every subscription of its stream. Where there is none yet, it waits for the first. Where one of a
    /// key fails, so do those of that key behind it: what is published again keeps its place.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may have published all, some or none of them.
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>>;

    /// Declares a durable subscription, and takes its events from now on. Several may do so under one name; each event
    /// goes to one of them.
    fn subscribe(
        &self,
        spec: SubscriptionSpec,
    ) -> BoxFuture<'_, Result<Box<dyn Deliveries>, TransportError>>;

    /// How many events wait for the subscription `SERVICE.NAME`, those in hand included.
    fn waiting(&self, subscription: &str) -> BoxFuture<'_, Result<u64, TransportError>>;

    /// The events that nobody could handle.
    fn dead_letters(&self) -> Arc<dyn DeadLetters>;

    /// Whether it works: for the health of those who use it.
    fn check(&self) -> Check;

    /// Closes its files or connections, after the last message; later calls fail. Nothing depends on it: what was
    /// confirmed is durable. Default: does nothing.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// What a subscription is to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubscriptionSpec {
    /// Its durable name: `SERVICE.NAME`.
    pub name: String,
    /// The streams whose events it gets. One that it got under the same name before is unbound once no consumer has named
    /// it for a while: beside a newer version of a service an older one may begin that does not know it.
    pub streams: Vec<String>,
    /// How many deliveries may be in hand at once.
    pub in_hand: usize,
    /// Whether events of one key come one after the other, each when the one before it is settled for good.
    pub ordered: bool,
}

/// The deliveries of one subscription to one consumer.
pub trait Deliveries: Send {
    /// The next delivery; waits for one, and while as many as allowed are in hand.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called anew; no delivery is lost.
    fn next(&mut self) -> BoxFuture<'_, Result<Received, TransportError>>;

    /// Takes no more, gives back what was fetched and not handed out, and waits until all is settled that was.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// A delivery that was handed out. Dropped without a verdict, it is delivered again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Received {
    /// The event.
    pub envelope: Envelope,
    /// How often it was tried, this one included.
    pub attempt: u32,
    /// Takes the verdict.
    pub settle: Box<dyn Settle>,
}

/// Takes the verdict on one delivery.
pub trait Settle: Send + Sync + fmt::Debug {
    /// Carries the verdict out; durable once it returns. May be called again after an error.
    fn settle(&self, verdict: Verdict) -> BoxFuture<'_, Result<(), TransportError>>;
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Ack,
    /// It failed and comes again.
    Retry {
        /// Not before this time is over.
        after: Duration,
        /// Why it failed, for the history of a dead letter.
        error: String,
    },
    /// It becomes a dead letter.
    Dead {
        /// The sort of the failure.
        reason: Reason,
        /// Why it failed.
        error: String,
    },
}

impl SubscriptionSpec {
    /// The subscription `SERVICE.NAME` to these streams: 16 in hand, no order.
    pub fn new(
        name: impl Into<String>,
        streams: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            name: name.into(),
            streams: streams.into_iter().map(Into::into).collect(),
            in_hand: 16,
            ordered: false,
        }
    }
}

impl Received {
    /// A delivery; the attempt counts from 1.
    pub fn new(envelope: Envelope, attempt: u32, settle: Box<dyn Settle>) -> Self {
        Self {
            envelope,
            attempt,
            settle,
        }
    }
}
