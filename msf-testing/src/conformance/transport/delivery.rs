//! How deliveries come to consumers, and how many.

use std::time::Duration;

use msf_bus::Transport;
use msf_bus::dead_letter::Reason;
use msf_bus::transport::Verdict;
use tokio::time::{Instant, timeout};

use super::TransportFactory;
use super::scene::{QUIET, Scene, ack, each_once, publish, settle, soon, subscribe};
use crate::conformance::report::{Outcome, ensure};
use crate::conformance::sample::number;

pub(super) async fn shared<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let (here, there) = (scene.open().await, scene.open().await);
    let mut spec = scene.spec("shared");
    spec.in_hand = 5;
    let mut one = subscribe(&here, spec.clone()).await?;
    let mut other = subscribe(&there, spec).await?;
    publish(&here, scene.samples(0..10)?).await?;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(one.next().await?);
        held.push(other.next().await?);
    }
    let mut came = Vec::new();
    for received in &held {
        came.push(number(&received.envelope)?);
        ack(received).await?;
    }
    each_once(came, 0..10)?;
    one.nothing("all were handed out").await?;
    other.nothing("all were handed out").await
}

pub(super) async fn in_hand<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut spec = scene.spec("few");
    spec.in_hand = 3;
    let mut consumer = subscribe(&transport, spec).await?;
    publish(&transport, scene.samples(0..6)?).await?;
    let mut held = vec![
        consumer.next().await?,
        consumer.next().await?,
        consumer.next().await?,
    ];
    consumer.nothing("three are in hand already").await?;
    for _ in 3..6 {
        ack(&held.remove(0)).await?;
        held.push(consumer.next().await?);
        consumer.nothing("three are in hand again").await?;
    }
    Ok(())
}

pub(super) async fn dropped_next<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut spec = scene.spec("impatient");
    spec.in_hand = 2;
    let mut consumer = subscribe(&transport, spec).await?;
    let mut came = Vec::new();
    let begin = Instant::now();
    let mut batches = scene.samples(0..60)?.into_iter();
    while came.len() < 60 && begin.elapsed() < soon() * 2 {
        publish(&transport, batches.by_ref().take(3).collect()).await?;
        // Dropped at its first wait, and a little later.
        for patience in [
            Duration::ZERO,
            Duration::from_millis(1),
            Duration::from_millis(3),
        ] {
            if let Ok(received) = timeout(patience, consumer.0.next()).await {
                let received = received.map_err(|error| error.to_string())?;
                ensure(received.attempt == 1, || {
                    format!(
                        "it was lost on its way and came in attempt {}",
                        received.attempt
                    )
                })?;
                came.push(number(&received.envelope)?);
                ack(&received).await?;
            }
        }
    }
    each_once(came, 0..60)?;
    consumer.nothing("all came").await
}

pub(super) async fn waiting<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let name = scene.subscription("counted");
    let mut consumer = subscribe(&transport, scene.spec("counted")).await?;
    waits(&transport, &name, 0).await?;
    publish(&transport, scene.samples(0..4)?).await?;
    waits(&transport, &name, 4).await?;
    let held = [
        consumer.next().await?,
        consumer.next().await?,
        consumer.next().await?,
    ];
    waits(&transport, &name, 4).await?;
    ack(&held[0]).await?;
    waits(&transport, &name, 3).await?;
    let (after, error) = (Duration::from_secs(3600), "later".to_owned());
    settle(&held[1], Verdict::Retry { after, error }).await?;
    waits(&transport, &name, 3).await?;
    let (reason, error) = (Reason::Refused, "never".to_owned());
    settle(&held[2], Verdict::Dead { reason, error }).await?;
    waits(&transport, &name, 2).await
}

/// A broker may count a little late.
async fn waits(transport: &impl Transport, subscription: &str, expected: u64) -> Outcome {
    let begin = Instant::now();
    loop {
        let counted = transport
            .waiting(subscription)
            .await
            .map_err(|error| error.to_string())?;
        if counted == expected {
            return Ok(());
        }
        ensure(begin.elapsed() < soon(), || {
            format!("{counted} are said to wait, and {expected} do")
        })?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(super) async fn close<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut first = subscribe(&transport, scene.spec("handed-over")).await?;
    publish(&transport, scene.samples(0..10)?).await?;
    let held = first.expect(0).await?;
    let mut closing = tokio::spawn(first.0.close());
    let early = timeout(QUIET, &mut closing).await;
    ensure(early.is_err(), || {
        "close ended while a delivery was in hand".to_owned()
    })?;
    ack(&held).await?;
    let closed = timeout(soon(), closing).await;
    ensure(matches!(closed, Ok(Ok(()))), || {
        "close did not end once all was settled".to_owned()
    })?;
    let mut second = subscribe(&transport, scene.spec("handed-over")).await?;
    let mut came = Vec::new();
    for _ in 1..10 {
        let received = second.next().await?;
        ensure(received.attempt == 1, || {
            format!(
                "what was only fetched counts as attempt {}",
                received.attempt - 1
            )
        })?;
        came.push(number(&received.envelope)?);
        ack(&received).await?;
    }
    each_once(came, 1..10)
}
