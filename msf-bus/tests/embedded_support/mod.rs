//! What the tests of the embedded transport share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::path::PathBuf;
use std::time::Duration;

use msf_bus::transport::{Deliveries, Received, SubscriptionSpec, Transport as _, Verdict};
use msf_bus::{EmbeddedTransport, Envelope, Event};
use msf_core::clock::Clock;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::time::timeout;

pub const STREAM: &str = "numbers.counted";
pub const NAME: &str = "sums.add";

#[derive(Serialize, Deserialize, Event)]
#[event(name = "numbers.counted", crate = "msf_bus")]
pub struct Counted {
    pub number: u64,
}

/// A folder with a file of events.
pub struct Bus {
    folder: TempDir,
    pub clock: Clock,
}

impl Bus {
    pub fn new() -> Self {
        Self::with(Clock::system())
    }

    pub fn with(clock: Clock) -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            clock,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("bus.db")
    }

    /// Opens the file, once more if it is open.
    pub fn open(&self) -> EmbeddedTransport {
        EmbeddedTransport::open(self.path(), self.clock.clone()).unwrap()
    }
}

pub fn event(number: u64) -> Envelope {
    Envelope::of(&Counted { number }).unwrap()
}

pub fn keyed(number: u64, key: &str) -> Envelope {
    let mut envelope = event(number);
    envelope.key = Some(key.to_owned());
    envelope
}

pub fn number(received: &Received) -> u64 {
    let counted: Counted = serde_json::from_slice(&received.envelope.data).unwrap();
    counted.number
}

pub async fn publish(transport: &EmbeddedTransport, batch: impl IntoIterator<Item = Envelope>) {
    for verdict in transport.publish(batch.into_iter().collect()).await {
        verdict.unwrap();
    }
}

pub fn spec() -> SubscriptionSpec {
    SubscriptionSpec::new(NAME, [STREAM])
}

pub async fn subscribe(
    transport: &EmbeddedTransport,
    spec: SubscriptionSpec,
) -> Box<dyn Deliveries> {
    transport.subscribe(spec).await.unwrap()
}

/// The next delivery, which has to come within a time that a slow machine keeps too.
pub async fn next(deliveries: &mut Box<dyn Deliveries>) -> Received {
    timeout(Duration::from_secs(20), deliveries.next())
        .await
        .expect("no delivery came")
        .unwrap()
}

/// Whether nothing comes for a while.
pub async fn is_quiet(deliveries: &mut Box<dyn Deliveries>, time: Duration) -> bool {
    timeout(time, deliveries.next()).await.is_err()
}

pub async fn ack(received: &Received) {
    received.settle.settle(Verdict::Ack).await.unwrap();
}

pub async fn retry(received: &Received, after: Duration, error: &str) {
    let error = error.to_owned();
    let verdict = Verdict::Retry { after, error };
    received.settle.settle(verdict).await.unwrap();
}
