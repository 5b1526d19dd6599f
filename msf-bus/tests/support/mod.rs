//! What the tests of the bus share: an event, and a real transport that can be made to fail.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses a part of it"
)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msf_bus::dead_letter::DeadLetters;
use msf_bus::transport::{Deliveries, Received, SubscriptionSpec, Verdict};
use msf_bus::{EmbeddedTransport, Envelope, Event, PublishError, Transport, TransportError};
use msf_core::BoxFuture;
use msf_core::clock::Clock;
use msf_core::health::Check;
use serde::{Deserialize, Serialize};

/// Something was noted.
#[derive(Serialize, Deserialize, Event)]
#[event(name = "tests.noted", crate = "msf_bus")]
pub struct Noted {
    #[event(key)]
    about: String,
}

impl Noted {
    pub const STREAM: &'static str = "tests.noted";

    pub fn about(about: &str) -> Self {
        Self {
            about: about.to_owned(),
        }
    }
}

/// The embedded transport, which fails as often as it is told to.
pub struct Faulty {
    real: EmbeddedTransport,
    /// How many publishes fail and do nothing.
    pub failures: AtomicU32,
    /// How many publishes work, and are told to have failed.
    pub lost_answers: AtomicU32,
    /// How many publishes answer nothing at all.
    pub silent: AtomicU32,
    /// The key whose events are refused for good.
    pub refused: Mutex<Option<String>>,
    /// Whether it never says how many events wait.
    pub hangs: AtomicBool,
    /// How many events were published.
    pub published: AtomicU32,
}

impl Faulty {
    pub fn open(path: &Path) -> Self {
        Self {
            real: EmbeddedTransport::open(path, Clock::system()).unwrap(),
            failures: AtomicU32::new(0),
            lost_answers: AtomicU32::new(0),
            silent: AtomicU32::new(0),
            refused: Mutex::default(),
            hangs: AtomicBool::new(false),
            published: AtomicU32::new(0),
        }
    }

    /// Closes the file under those who use it.
    pub async fn close(&self) {
        self.real.close().await;
    }
}

/// Whether it is one of those that are counted down.
fn is_next(counter: &AtomicU32) -> bool {
    let down = |count: u32| count.checked_sub(1);
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, down)
        .is_ok()
}

impl Transport for Faulty {
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        let fail = |batch: &Vec<Envelope>, why: &'static str| -> Vec<Result<(), PublishError>> {
            let each = batch.iter();
            each.map(|_| Err(PublishError::unavailable(why))).collect()
        };
        Box::pin(async move {
            if is_next(&self.failures) {
                return fail(&batch, "the broker is away");
            }
            if is_next(&self.silent) {
                return Vec::new();
            }
            let refused = self.refused.lock().unwrap().clone();
            if refused.is_some() {
                let mut verdicts = Vec::new();
                for envelope in batch {
                    if envelope.key == refused {
                        verdicts.push(Err(PublishError::refused("it is too large")));
                    } else {
                        verdicts.extend(self.real.publish(vec![envelope]).await);
                        self.published.fetch_add(1, Ordering::Relaxed);
                    }
                }
                return verdicts;
            }
            let verdicts = self.real.publish(batch.clone()).await;
            let count = u32::try_from(batch.len()).unwrap();
            self.published.fetch_add(count, Ordering::Relaxed);
            if is_next(&self.lost_answers) {
                return fail(&batch, "the answer was lost");
            }
            verdicts
        })
    }

    fn subscribe(
        &self,
        spec: SubscriptionSpec,
    ) -> BoxFuture<'_, Result<Box<dyn Deliveries>, TransportError>> {
        self.real.subscribe(spec)
    }

    fn waiting(&self, subscription: &str) -> BoxFuture<'_, Result<u64, TransportError>> {
        if self.hangs.load(Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        self.real.waiting(subscription)
    }

    fn dead_letters(&self) -> Arc<dyn DeadLetters> {
        self.real.dead_letters()
    }

    fn check(&self) -> Check {
        self.real.check()
    }
}

/// The next delivery.
pub async fn next(deliveries: &mut dyn Deliveries) -> Received {
    let next = tokio::time::timeout(Duration::from_secs(10), deliveries.next()).await;
    next.expect("an event within ten seconds").unwrap()
}

/// The keys of the next deliveries, in the order in which they came; all are acked.
pub async fn drain(deliveries: &mut dyn Deliveries, count: usize) -> Vec<String> {
    let mut keys = Vec::new();
    for _ in 0..count {
        let received = next(deliveries).await;
        keys.push(received.envelope.key.clone().unwrap());
        received.settle.settle(Verdict::Ack).await.unwrap();
    }
    keys
}
