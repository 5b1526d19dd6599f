//! What one case works with: names of its own, and steps that say what went wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use msf_bus::transport::{Deliveries, Received, SubscriptionSpec, Verdict};
use msf_bus::{Envelope, Transport};
use tokio::time::{Instant, timeout};

use super::TransportFactory;
use crate::conformance::report::{Outcome, ensure};
use crate::conformance::sample::{Sample, number, unique};

tokio::task_local! {
    /// How long this case waits for what has to come: see `TransportFactory::patience`.
    pub(super) static PATIENCE: Duration;
}

/// How long a case waits for what must not come.
pub(super) const QUIET: Duration = Duration::from_millis(300);

/// How long a case waits for what has to come.
pub(super) fn soon() -> Duration {
    PATIENCE
        .try_with(|patience| *patience)
        .unwrap_or(DEFAULT_PATIENCE)
}

pub(super) const DEFAULT_PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Scene<F> {
    pub(super) factory: Arc<F>,
    id: String,
}

/// The consumer of one subscription.
pub(super) struct Consumer(pub(super) Box<dyn Deliveries>);

impl<F: TransportFactory> Scene<F> {
    pub(super) fn new(factory: Arc<F>) -> Self {
        Self {
            factory,
            id: unique(),
        }
    }

    pub(super) async fn open(&self) -> F::Transport {
        self.factory.open().await
    }

    /// A service that has nothing yet.
    pub(super) fn service(&self) -> String {
        format!("conformance-{}", self.id)
    }

    pub(super) fn stream(&self, name: &str) -> String {
        format!("conformance.{name}-{}", self.id)
    }

    pub(super) fn subscription(&self, name: &str) -> String {
        format!("{}.{name}", self.service())
    }

    /// The subscription `name` to the stream `events`.
    pub(super) fn spec(&self, name: &str) -> SubscriptionSpec {
        SubscriptionSpec::new(self.subscription(name), [self.stream("events")])
    }

    /// Samples of the stream `events` with these numbers.
    pub(super) fn samples(
        &self,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<Vec<Envelope>, String> {
        numbers
            .into_iter()
            .map(|number| self.sample("events", number))
            .collect()
    }

    pub(super) fn sample(&self, stream: &str, number: u32) -> Result<Envelope, String> {
        let mut envelope = Envelope::of(&Sample { number }).map_err(|error| error.to_string())?;
        envelope.event_type = format!("{}.v1", self.stream(stream));
        Ok(envelope)
    }

    /// Waits for a delivery while time passes: a lease of somebody who is gone has to end first.
    pub(super) async fn later(&self, consumer: &mut Consumer) -> Result<Received, String> {
        let begin = Instant::now();
        while begin.elapsed() < soon() * 2 {
            if let Ok(received) = timeout(QUIET, consumer.0.next()).await {
                return received.map_err(|error| error.to_string());
            }
            self.factory.pass(QUIET).await;
        }
        Err("what has to come again did not come".to_owned())
    }
}

pub(super) async fn subscribe(
    transport: &impl Transport,
    spec: SubscriptionSpec,
) -> Result<Consumer, String> {
    let deliveries = transport.subscribe(spec).await;
    deliveries.map(Consumer).map_err(|error| error.to_string())
}

/// Publishes, and wants all to be stored.
pub(super) async fn publish(transport: &impl Transport, batch: Vec<Envelope>) -> Outcome {
    let expected = batch.len();
    let verdicts = transport.publish(batch).await;
    ensure(verdicts.len() == expected, || {
        format!(
            "{expected} events were published, and {} verdicts came",
            verdicts.len()
        )
    })?;
    verdicts
        .into_iter()
        .try_for_each(|verdict| verdict.map_err(|error| error.to_string()))
}

impl Consumer {
    /// The next delivery, which is due.
    pub(super) async fn next(&mut self) -> Result<Received, String> {
        match timeout(soon(), self.0.next()).await {
            Ok(received) => received.map_err(|error| error.to_string()),
            Err(_) => Err(format!(
                "no delivery came within {} s",
                soon().as_secs_f32()
            )),
        }
    }

    /// The next delivery, which has to be this sample.
    pub(super) async fn expect(&mut self, expected: u32) -> Result<Received, String> {
        let received = self.next().await?;
        let came = number(&received.envelope)?;
        ensure(came == expected, || {
            format!("event {came} came instead of event {expected}")
        })?;
        Ok(received)
    }

    /// Nothing comes.
    pub(super) async fn nothing(&mut self, why: &str) -> Outcome {
        match timeout(QUIET, self.0.next()).await {
            Err(_) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(received)) => Err(format!(
                "event {} came in attempt {}: {why}",
                number(&received.envelope)?,
                received.attempt
            )),
        }
    }

    /// Acks so many, several at once, and wants each of these numbers once.
    pub(super) async fn ack_all(&mut self, numbers: std::ops::Range<u32>) -> Outcome {
        let mut came = Vec::new();
        let mut acks = tokio::task::JoinSet::new();
        for _ in numbers.clone() {
            let received = self
                .next()
                .await
                .map_err(|error| format!("{error}, after {} of {}", came.len(), numbers.len()))?;
            came.push(number(&received.envelope)?);
            acks.spawn(async move { ack(&received).await });
        }
        while let Some(acked) = acks.join_next().await {
            acked.map_err(|error| error.to_string())??;
        }
        each_once(came, numbers)
    }

    pub(super) async fn close(self) -> Outcome {
        let closed = timeout(soon(), self.0.close()).await;
        closed.map_err(|_| "close did not end although nothing is in hand".to_owned())
    }
}

pub(super) async fn settle(received: &Received, verdict: Verdict) -> Outcome {
    let settled = received.settle.settle(verdict).await;
    settled.map_err(|error| error.to_string())
}

pub(super) async fn ack(received: &Received) -> Outcome {
    settle(received, Verdict::Ack).await
}

/// Each of these numbers came, and none twice.
pub(super) fn each_once(came: Vec<u32>, numbers: std::ops::Range<u32>) -> Outcome {
    let mut times: BTreeMap<u32, u32> = numbers.map(|number| (number, 0)).collect();
    for number in came {
        *times.entry(number).or_default() += 1;
    }
    let wrong: Vec<_> = times.into_iter().filter(|(_, times)| *times != 1).collect();
    ensure(wrong.is_empty(), || {
        let some = &wrong[..wrong.len().min(10)];
        format!(
            "{} came not once, such as (event, times) {some:?}",
            wrong.len()
        )
    })
}
