//! A consumer that ends with an event in hand, and a process that does.

use std::time::Duration;

use super::TransportFactory;
use super::scene::{Scene, ack, each_once, publish, subscribe};
use crate::conformance::report::{Outcome, ensure};
use crate::conformance::sample::number;

pub(super) async fn dropped<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("careless")).await?;
    publish(&transport, scene.samples(0..1)?).await?;
    let first = consumer.expect(0).await?;
    let id = first.envelope.id;
    drop(first);
    let second = scene.later(&mut consumer).await?;
    ensure(second.envelope.id == id, || "another event came".to_owned())?;
    ack(&second).await
}

pub(super) async fn acked<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("settled")).await?;
    publish(&transport, scene.samples(0..10)?).await?;
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(consumer.next().await?);
    }
    for received in &held {
        ack(received).await?;
    }
    drop((held, consumer, transport));
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("settled")).await?;
    // Longer than a lease that somebody who is gone may have left.
    for _ in 0..8 {
        consumer.nothing("it was acked before the restart").await?;
        scene.factory.pass(Duration::from_millis(500)).await;
    }
    Ok(())
}

pub(super) async fn not_acked<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("crashing")).await?;
    publish(&transport, scene.samples(0..6)?).await?;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(consumer.next().await?);
    }
    let done = held.remove(0);
    let done_number = number(&done.envelope)?;
    ack(&done).await?;
    drop((consumer, transport, done, held));
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("crashing")).await?;
    let mut came = vec![done_number];
    for _ in 0..5 {
        let received = scene.later(&mut consumer).await?;
        came.push(number(&received.envelope)?);
        ack(&received).await?;
    }
    each_once(came, 0..6)
}
