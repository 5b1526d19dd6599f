//! What is published is stored, whole, for everybody who subscribes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use msf_bus::transport::SubscriptionSpec;
use msf_bus::{Envelope, EventId, Transport};

use super::TransportFactory;
use super::scene::{Scene, ack, each_once, publish, subscribe};
use crate::conformance::report::{Outcome, ensure};
use crate::conformance::sample::number;

pub(super) async fn verdicts<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("all")).await?;
    publish(&transport, Vec::new()).await?;
    publish(&transport, scene.samples(0..1)?).await?;
    publish(&transport, scene.samples(1..301)?).await?;
    consumer.ack_all(0..301).await
}

pub(super) async fn fanout<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut one = subscribe(&transport, scene.spec("one")).await?;
    let mut other = subscribe(&transport, scene.spec("other")).await?;
    let strangers =
        SubscriptionSpec::new(scene.subscription("strangers"), [scene.stream("strange")]);
    let mut strangers = subscribe(&transport, strangers).await?;
    publish(&transport, scene.samples(0..20)?).await?;
    one.ack_all(0..20).await?;
    other.ack_all(0..20).await?;
    one.nothing("it was acked").await?;
    strangers.nothing("it is of another stream").await
}

pub(super) async fn unrouted<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    publish(&transport, scene.samples(0..5)?).await?;
    drop(transport);
    let transport = scene.open().await;
    let mut first = subscribe(&transport, scene.spec("first")).await?;
    first.ack_all(0..5).await?;
    publish(&transport, scene.samples(5..6)?).await?;
    first.ack_all(5..6).await
}

pub(super) async fn away<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    subscribe(&transport, scene.spec("away"))
        .await?
        .close()
        .await?;
    publish(&transport, scene.samples(0..5)?).await?;
    drop(transport);
    let transport = scene.open().await;
    publish(&transport, scene.samples(5..10)?).await?;
    subscribe(&transport, scene.spec("away"))
        .await?
        .ack_all(0..10)
        .await
}

pub(super) async fn still_bound<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let name = scene.subscription("rollout");
    let both = SubscriptionSpec::new(&name, [scene.stream("known"), scene.stream("new")]);
    let mut newer = subscribe(&transport, both).await?;
    let fewer = SubscriptionSpec::new(&name, [scene.stream("known")]);
    let mut older = subscribe(&transport, fewer).await?;
    let batch = vec![scene.sample("new", 0)?, scene.sample("known", 1)?];
    publish(&transport, batch).await?;
    let mut came = Vec::new();
    for _ in 0..2 {
        let received = tokio::select! {
            received = newer.next() => received?,
            received = older.next() => received?,
        };
        came.push(number(&received.envelope)?);
        ack(&received).await?;
    }
    each_once(came, 0..2)
}

pub(super) async fn round_trip<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = scene.open().await;
    let mut consumer = subscribe(&transport, scene.spec("whole")).await?;
    let mut full = scene.sample("events", 0)?;
    full.source = String::from("/services/Größe \"quoted\" \\ \n");
    full.time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    full.key = Some("ключ/'; --".to_owned());
    full.correlation_id = String::from("c-1.2:3_4");
    full.causation_id = Some(EventId::random());
    full.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    full.tracestate = Some("a=1,b=2".to_owned());
    full.data = (0..=u8::MAX).collect::<Vec<_>>().into();
    let mut bare = scene.sample("events", 0)?;
    (bare.key, bare.causation_id) = (None, None);
    (bare.traceparent, bare.tracestate) = (None, None);
    bare.data = Bytes::new();
    let mut large = scene.sample("events", 0)?;
    large.data = vec![0xA5; 200_000].into();
    // A type that no build of msf has made travels too: only its handler judges it.
    let mut version = scene.sample("events", 0)?;
    version.event_type = format!("{}.v65535", scene.stream("events"));
    for sent in [full, bare, large, version] {
        publish(&transport, vec![sent.clone()]).await?;
        let received = consumer.next().await?;
        ack(&received).await?;
        same(&sent, &received.envelope)?;
        ensure(received.attempt == 1, || {
            format!("the first attempt is {}", received.attempt)
        })?;
    }
    Ok(())
}

/// Equal, the time to the millisecond.
fn same(sent: &Envelope, came: &Envelope) -> Outcome {
    let apart = match came.time.duration_since(sent.time) {
        Ok(later) => later,
        Err(earlier) => earlier.duration(),
    };
    ensure(apart < Duration::from_millis(1), || {
        format!("its time is {apart:?} off")
    })?;
    let mut came = came.clone();
    came.time = sent.time;
    let fields = [
        ("id", came.id == sent.id),
        ("event_type", came.event_type == sent.event_type),
        ("source", came.source == sent.source),
        ("key", came.key == sent.key),
        ("correlation_id", came.correlation_id == sent.correlation_id),
        ("causation_id", came.causation_id == sent.causation_id),
        ("traceparent", came.traceparent == sent.traceparent),
        ("tracestate", came.tracestate == sent.tracestate),
        ("data", came.data == sent.data),
    ];
    let differ: Vec<_> = fields
        .iter()
        .filter(|(_, same)| !same)
        .map(|(name, _)| *name)
        .collect();
    ensure(came == *sent, || {
        format!("it came with another {}", differ.join(", "))
    })
}

pub(super) async fn parallel<F: TransportFactory>(scene: Scene<F>) -> Outcome {
    let transport = Arc::new(scene.open().await);
    let mut consumer = subscribe(&*transport, scene.spec("all")).await?;
    let mut publishers = tokio::task::JoinSet::new();
    for publisher in 0..16 {
        let transport = Arc::clone(&transport);
        let samples = scene.samples(publisher * 100..(publisher + 1) * 100)?;
        publishers.spawn(async move {
            for sample in samples {
                publish(&*transport, vec![sample]).await?;
            }
            Ok::<(), String>(())
        });
    }
    consumer.ack_all(0..1600).await?;
    while let Some(publisher) = publishers.join_next().await {
        publisher.map_err(|error| error.to_string())??;
    }
    let left = transport.waiting(&scene.subscription("all")).await;
    let left = left.map_err(|error| error.to_string())?;
    ensure(left == 0, || format!("{left} wait although all were acked"))
}
