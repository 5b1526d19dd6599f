//! Who gets what: bindings, and what was published before anybody subscribed.
#![cfg(feature = "sqlite")]

mod embedded_support;

use std::time::{Duration, SystemTime};

use embedded_support::*;
use msf_bus::transport::{SubscriptionSpec, Transport as _};
use msf_core::clock::FakeClock;

#[tokio::test]
async fn what_nobody_had_subscribed_to_goes_to_the_first_who_does() {
    let bus = Bus::new();
    let transport = bus.open();
    publish(&transport, (0..20).map(event)).await;
    let mut else_where = subscribe(
        &transport,
        SubscriptionSpec::new("other.one", ["numbers.else"]),
    )
    .await;
    assert!(is_quiet(&mut else_where, Duration::from_millis(150)).await);
    let mut first = subscribe(&transport, spec()).await;
    let mut second = subscribe(&transport, SubscriptionSpec::new("other.two", [STREAM])).await;
    for expected in 0..16 {
        let received = next(&mut first).await;
        assert_eq!(number(&received), expected);
        ack(&received).await;
    }
    assert!(is_quiet(&mut second, Duration::from_millis(150)).await);
    assert_eq!(transport.waiting("other.two").await.unwrap(), 0);
}

#[tokio::test]
async fn all_versions_of_an_event_are_one_stream_and_what_is_no_type_is_one_by_itself() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries =
        subscribe(&transport, SubscriptionSpec::new(NAME, [STREAM, "No Type"])).await;
    let types = ["numbers.counted.v1", "numbers.counted.v7", "No Type"];
    for kind in ["numbers.counted", "No Type.v1"].into_iter().chain(types) {
        let mut envelope = event(0);
        envelope.event_type = kind.to_owned();
        publish(&transport, [envelope]).await;
    }
    // The stream's own name is a text without a version, and the same text.
    for expected in ["numbers.counted"].into_iter().chain(types) {
        let received = next(&mut deliveries).await;
        assert_eq!(received.envelope.event_type, expected);
        ack(&received).await;
    }
    assert!(is_quiet(&mut deliveries, Duration::from_millis(150)).await);
}

#[tokio::test]
async fn a_stream_that_nobody_names_for_a_while_is_unbound_and_what_was_queued_of_it_stays() {
    let fake = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let bus = Bus::with(fake.clock());
    let transport = bus.open();
    let both = SubscriptionSpec::new(NAME, [STREAM, "numbers.else"]);
    subscribe(&transport, both).await.close().await;
    // Another version of the service begins, and does not know the stream: not yet, or no longer.
    let mut deliveries = subscribe(&transport, SubscriptionSpec::new(NAME, ["numbers.else"])).await;
    publish(&transport, [event(1)]).await;
    let received = next(&mut deliveries).await;
    assert_eq!(number(&received), 1);
    ack(&received).await;
    deliveries.close().await;
    publish(&transport, [event(2)]).await;

    fake.advance(Duration::from_secs(599));
    subscribe(&transport, SubscriptionSpec::new(NAME, ["numbers.else"]))
        .await
        .close()
        .await;
    publish(&transport, [event(3)]).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 2);
    fake.advance(Duration::from_secs(2));
    subscribe(&transport, SubscriptionSpec::new(NAME, ["numbers.else"]))
        .await
        .close()
        .await;
    publish(&transport, [event(4)]).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 2);
    // It waits for somebody.
    let mut other = subscribe(&transport, SubscriptionSpec::new("other.one", [STREAM])).await;
    assert_eq!(number(&next(&mut other).await), 4);
}

#[tokio::test]
async fn a_consumer_that_lives_keeps_its_streams_bound() {
    let fake = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let bus = Bus::with(fake.clock());
    let transport = bus.open();
    let mut newer = subscribe(&transport, SubscriptionSpec::new(NAME, [STREAM])).await;
    fake.advance(Duration::from_secs(601));
    // Whatever wakes it, it looks at the clock.
    publish(&transport, [event(1)]).await;
    ack(&next(&mut newer).await).await;
    subscribe(&transport, SubscriptionSpec::new(NAME, ["numbers.else"]))
        .await
        .close()
        .await;
    publish(&transport, [event(2)]).await;
    assert_eq!(number(&next(&mut newer).await), 2);
}

#[tokio::test]
async fn a_subscription_is_durable_without_a_consumer() {
    let bus = Bus::new();
    {
        let transport = bus.open();
        subscribe(&transport, spec()).await.close().await;
        transport.close().await;
    }
    let transport = bus.open();
    publish(&transport, (0..3).map(event)).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 3);
    assert_eq!(transport.waiting("sums.unknown").await.unwrap(), 0);
}
