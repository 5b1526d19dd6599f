//! What failed comes again, when it is due.

use std::time::Duration;

use msf_bus::transport::Verdict;

use super::TransportFactory;
use super::scene::{Scene, ack, publish, settle, subscribe};
use crate::conformance::report::{Outcome, ensure};
use crate::conformance::sample::number;

/// Long enough that it can be told from at once, on a machine that is busy.
const AFTER: Duration = Duration::from_secs(2);

pub(super) fn again(after: Duration, error: &str) -> Verdict {
    Verdict::Retry {
        after,
        error: error.to_owned(),
    }
}

pub(super) async fn not_before<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("late")).await?;
    publish(&transport, scene.samples(0..1)?).await?;
    let first = consumer.expect(0).await?;
    settle(&first, again(AFTER, "not now")).await?;
    consumer.nothing("it is not due").await?;
    // What waits holds nobody else back.
    publish(&transport, scene.samples(1..2)?).await?;
    ack(&consumer.expect(1).await?).await?;
    scene.factory.pass(AFTER / 4).await;
    consumer.nothing("it is not due").await?;
    scene.factory.pass(AFTER).await;
    let second = consumer.expect(0).await?;
    ensure(second.attempt == 2, || {
        format!("the second attempt is {}", second.attempt)
    })?;
    ensure(second.envelope == first.envelope, || {
        "another envelope came again".to_owned()
    })?;
    ack(&second).await?;
    consumer.nothing("it was acked").await
}

pub(super) async fn attempts<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    for attempt in 1..=4 {
        let transport = scene.open().await;
        let mut consumer = subscribe(&transport, scene.spec("counted")).await?;
        if attempt == 1 {
            publish(&transport, scene.samples(0..1)?).await?;
        }
        let received = consumer.next().await?;
        ensure(
            number(&received.envelope)? == 0 && received.attempt == attempt,
            || format!("attempt {attempt} came as {}", received.attempt),
        )?;
        settle(&received, again(Duration::ZERO, "again")).await?;
        drop(received);
        consumer.close().await?;
    }
    Ok(())
}
