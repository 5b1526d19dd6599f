//! The order of the events of one key, where a subscription asks for it.

use std::collections::BTreeMap;
use std::time::Duration;

use msf_bus::dead_letter::Reason;
use msf_bus::transport::{Received, SubscriptionSpec, Verdict};
use msf_bus::{Envelope, Transport};

use super::TransportFactory;
use super::retry::again;
use super::scene::{Scene, ack, publish, settle, subscribe};
use crate::conformance::report::{Outcome, ensure};
use crate::conformance::sample::number;

fn ordered<F: TransportFactory>(scene: &Scene<F>) -> SubscriptionSpec {
    let mut spec = scene.spec("ordered");
    spec.ordered = true;
    spec
}

fn keyed<F: TransportFactory>(
    scene: &Scene<F>,
    number: u32,
    key: &str,
) -> Result<Envelope, String> {
    let mut envelope = scene.sample("events", number)?;
    envelope.key = Some(key.to_owned());
    Ok(envelope)
}

/// Two consumers, five keys, 20 events each: at any time at most one of a key is in hand, the lowest that is left.
pub(super) async fn per_key<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let (here, there) = (scene.open().await, scene.open().await);
    let mut consumers = [
        subscribe(&here, ordered(&scene)).await?,
        subscribe(&there, ordered(&scene)).await?,
    ];
    let batch: Result<Vec<_>, _> = (0..100)
        .map(|n| keyed(&scene, n, &(n % 5).to_string()))
        .collect();
    publish(&here, batch?).await?;
    let mut due: BTreeMap<String, u32> = (0..5).map(|key| (key.to_string(), key)).collect();
    let mut held: Vec<Received> = Vec::new();
    for round in 0..100 {
        // Until each key has one in hand: then what is oldest in hand is settled.
        while held.len() < due.values().filter(|next| **next < 100).count() {
            let [one, other] = &mut consumers;
            let received = tokio::select! {
                received = one.next() => received?,
                received = other.next() => received?,
            };
            let came = number(&received.envelope)?;
            let key = received.envelope.key.clone().unwrap_or_default();
            let is_due = due.get(&key) == Some(&came)
                && !held
                    .iter()
                    .any(|held| held.envelope.key == received.envelope.key);
            ensure(is_due, || {
                format!("event {came} came when {due:?} were due")
            })?;
            held.push(received);
        }
        if round == 0 {
            for consumer in &mut consumers {
                consumer.nothing("each key has one in hand").await?;
            }
        }
        ensure(!held.is_empty(), || {
            format!("nothing is left after {round}")
        })?;
        let settled = held.remove(0);
        if let Some(next) = settled
            .envelope
            .key
            .as_ref()
            .and_then(|key| due.get_mut(key))
        {
            *next += 5;
        }
        ack(&settled).await?;
    }
    Ok(())
}

pub(super) async fn failure<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, ordered(&scene)).await?;
    let batch = vec![
        keyed(&scene, 0, "a")?,
        keyed(&scene, 1, "a")?,
        keyed(&scene, 2, "a")?,
    ];
    publish(&transport, batch).await?;
    let failed = consumer.expect(0).await?;
    settle(&failed, again(Duration::from_secs(2), "not now")).await?;
    consumer
        .nothing("the one before it has failed and waits")
        .await?;
    // Another key, and one that has none, are not held back.
    let mut free = scene.sample("events", 4)?;
    free.key = None;
    publish(&transport, vec![keyed(&scene, 3, "b")?]).await?;
    ack(&consumer.expect(3).await?).await?;
    publish(&transport, vec![free]).await?;
    ack(&consumer.expect(4).await?).await?;
    scene.factory.pass(Duration::from_secs(2)).await;
    let failed = consumer.expect(0).await?;
    consumer.nothing("the one before it is in hand").await?;
    // A dead letter is settled for good: its key goes on.
    let (reason, error) = (Reason::Refused, "never".to_owned());
    settle(&failed, Verdict::Dead { reason, error }).await?;
    ack(&consumer.expect(1).await?).await?;
    ack(&consumer.expect(2).await?).await?;
    let left = transport.waiting(&scene.subscription("ordered")).await;
    let left = left.map_err(|error| error.to_string())?;
    ensure(left == 0, || format!("{left} are left"))
}
