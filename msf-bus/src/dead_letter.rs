//! Events that nobody could handle: kept with the reason until a person decides.
//!
//! What people wrongly assume: *"a dead letter is lost."* It is kept until it is redriven (back to its one subscription, with
//! all its attempts) or purged. Nothing does either by itself.

use std::fmt;
use std::time::SystemTime;

use msf_core::BoxFuture;

use crate::{Envelope, EventId, TransportError};

/// The dead letters of a transport.
pub trait DeadLetters: Send + Sync {
    /// Those of the subscriptions of `service` that are chosen, oldest first.
    fn list(
        &self,
        service: &str,
        which: Which,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, TransportError>>;

    /// How many each subscription of `service` has, by its full name `SERVICE.NAME`.
    fn count(&self, service: &str) -> BoxFuture<'_, Result<Vec<(String, u64)>, TransportError>>;

    /// Puts those that are chosen back into their subscription, as if they had never been tried. Says how many they were.
    fn redrive(&self, service: &str, which: Which) -> BoxFuture<'_, Result<u64, TransportError>>;

    /// Removes those that are chosen for good. Says how many they were.
    fn purge(&self, service: &str, which: Which) -> BoxFuture<'_, Result<u64, TransportError>>;
}

/// Which dead letters are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those of these events.
    Events(Vec<EventId>),
}

/// An event that nobody could handle.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The subscription whose handler failed: `SERVICE.NAME`.
    pub subscription: String,
    /// The event as it came.
    pub envelope: Envelope,
    /// The sort of the failure.
    pub reason: Reason,
    /// Why it failed the last time.
    pub error: String,
    /// When it became a dead letter.
    pub at: SystemTime,
    /// The failures before the last, oldest first.
    pub history: Vec<Failure>,
    /// How often it was redriven before.
    pub redriven: u32,
}

/// One attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// When.
    pub at: SystemTime,
    /// Why.
    pub error: String,
}

/// Why an event is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The handler failed as often as the policy allows.
    RetriesExhausted,
    /// The handler said that it cannot be handled.
    Refused,
    /// The data is not what its type says.
    Undecodable,
    /// No handler knows this version of a stream that has one.
    UnknownVersion,
    /// No handler is for this stream, which another version of the service has subscribed to.
    UnknownStream,
    /// It was handed out too often without a verdict: each time the process ended.
    DeliveryLimit,
}

impl Failure {
    /// That it failed at `at`.
    pub fn new(at: SystemTime, error: impl Into<String>) -> Self {
        Self {
            at,
            error: error.into(),
        }
    }
}

impl DeadLetter {
    /// A dead letter without a history.
    pub fn new(
        subscription: impl Into<String>,
        envelope: Envelope,
        reason: Reason,
        error: impl Into<String>,
        at: SystemTime,
    ) -> Self {
        Self {
            subscription: subscription.into(),
            envelope,
            reason,
            error: error.into(),
            at,
            history: Vec::new(),
            redriven: 0,
        }
    }
}

impl Reason {
    const ALL: [Self; 6] = [
        Self::RetriesExhausted,
        Self::Refused,
        Self::Undecodable,
        Self::UnknownVersion,
        Self::UnknownStream,
        Self::DeliveryLimit,
    ];

    /// Its name: `retries-exhausted` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "retries-exhausted",
            Self::Refused => "refused",
            Self::Undecodable => "undecodable",
            Self::UnknownVersion => "unknown-version",
            Self::UnknownStream => "unknown-stream",
            Self::DeliveryLimit => "delivery-limit",
        }
    }

    /// The reason with this name.
    ///
    /// ```
    /// use msf_bus::dead_letter::Reason;
    /// assert_eq!(Reason::parse("refused"), Some(Reason::Refused));
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
