//! From a publish to the verdict, and what becomes of an event without one.
#![cfg(feature = "sqlite")]

mod embedded_support;

use std::collections::HashMap;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use embedded_support::*;
use msf_bus::dead_letter::{Reason, Which};
use msf_bus::transport::{SubscriptionSpec, Transport as _, Verdict};
use msf_bus::{EmbeddedTransport, Envelope};
use msf_core::clock::{Clock, FakeClock};
use msf_store::sqlite::{Result, Transaction};
use tokio::time::{Instant, timeout};

#[tokio::test]
async fn what_is_published_is_delivered_and_gone_once_it_is_acked() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let mut sent = keyed(1, "k");
    sent.causation_id = Some(event(0).id);
    sent.tracestate = Some("a=b".to_owned());
    sent.data = b"\x00\xff no JSON".to_vec().into();
    publish(&transport, [sent.clone()]).await;

    let received = next(&mut deliveries).await;
    assert_eq!((&received.envelope, received.attempt), (&sent, 1));
    assert_eq!(transport.waiting(NAME).await.unwrap(), 1);
    ack(&received).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
    assert!(is_quiet(&mut deliveries, Duration::from_millis(300)).await);
    deliveries.close().await;
}

#[tokio::test]
async fn a_batch_is_delivered_in_its_order_to_each_subscription_of_its_stream() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut first = subscribe(&transport, spec()).await;
    let mut second = subscribe(&transport, SubscriptionSpec::new("other.one", [STREAM])).await;
    let mut none = subscribe(
        &transport,
        SubscriptionSpec::new("other.two", ["numbers.else"]),
    )
    .await;
    publish(&transport, (0..100).map(event)).await;
    for deliveries in [&mut first, &mut second] {
        for expected in 0..100 {
            let received = next(deliveries).await;
            assert_eq!(number(&received), expected);
            ack(&received).await;
        }
    }
    assert!(is_quiet(&mut none, Duration::from_millis(200)).await);
}

#[tokio::test]
async fn an_event_of_the_same_process_does_not_wait_for_a_poll() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let mut times = Vec::new();
    for n in 0..21 {
        let begun = Instant::now();
        publish(&transport, [event(n)]).await;
        ack(&next(&mut deliveries).await).await;
        times.push(begun.elapsed());
    }
    times.sort();
    // With polls alone each would take a tenth of a second.
    assert!(times[10] < Duration::from_millis(60), "{times:?}");
}

#[tokio::test]
async fn no_more_are_in_hand_than_allowed() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut narrow = spec();
    narrow.in_hand = 3;
    let mut deliveries = subscribe(&transport, narrow).await;
    publish(&transport, (0..10).map(event)).await;
    let mut in_hand = Vec::new();
    for _ in 0..3 {
        in_hand.push(next(&mut deliveries).await);
    }
    assert!(is_quiet(&mut deliveries, Duration::from_millis(300)).await);
    ack(&in_hand.remove(1)).await;
    assert_eq!(number(&next(&mut deliveries).await), 3);
}

#[tokio::test]
async fn what_failed_comes_again_after_its_time_and_counts_its_attempts() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1)]).await;
    for attempt in 1..=3 {
        let received = next(&mut deliveries).await;
        assert_eq!(received.attempt, attempt);
        retry(&received, Duration::from_millis(300), "no route").await;
        drop(received);
        assert!(is_quiet(&mut deliveries, Duration::from_millis(150)).await);
    }
    let received = next(&mut deliveries).await;
    assert_eq!(received.attempt, 4);
    ack(&received).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_dropped_without_a_verdict_comes_again_and_has_not_failed() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1)]).await;
    drop(next(&mut deliveries).await);
    let received = timeout(Duration::from_secs(1), next(&mut deliveries))
        .await
        .unwrap();
    assert_eq!(received.attempt, 1);
}

#[tokio::test]
async fn what_is_handed_out_too_often_without_a_verdict_is_a_dead_letter() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1)]).await;
    // A verdict begins the count anew.
    for _ in 0..10 {
        drop(next(&mut deliveries).await);
    }
    retry(&next(&mut deliveries).await, Duration::ZERO, "once").await;
    for _ in 0..50 {
        drop(next(&mut deliveries).await);
    }
    while transport.waiting(NAME).await.unwrap() > 0 {
        assert!(is_quiet(&mut deliveries, Duration::from_millis(50)).await);
    }
    let dead = transport
        .dead_letters()
        .list("sums", Which::All)
        .await
        .unwrap();
    assert_eq!(
        (dead.len(), dead[0].reason, dead[0].history.len()),
        (1, Reason::DeliveryLimit, 1)
    );
    assert!(dead[0].error.contains("50 times"), "{}", dead[0].error);
}

#[tokio::test]
async fn closing_gives_back_what_was_not_handed_out_and_waits_for_what_was() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, (0..10).map(event)).await;
    let (first, second) = (next(&mut deliveries).await, next(&mut deliveries).await);
    let mut closing = tokio::spawn(deliveries.close());
    assert!(
        timeout(Duration::from_millis(300), &mut closing)
            .await
            .is_err()
    );
    // Others get what was given back, at once.
    let mut other = subscribe(&transport, spec()).await;
    for expected in 2..10 {
        let received = timeout(Duration::from_secs(1), next(&mut other))
            .await
            .unwrap();
        assert_eq!(number(&received), expected);
        ack(&received).await;
    }
    ack(&first).await;
    drop(second);
    timeout(Duration::from_secs(5), closing)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(number(&next(&mut other).await), 1);
}

#[tokio::test]
async fn what_waits_for_a_retry_outlives_the_process() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1), event(2)]).await;
    retry(&next(&mut deliveries).await, Duration::ZERO, "no route").await;
    deliveries.close().await;
    transport.close().await;

    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let mut attempts = HashMap::new();
    for _ in 0..2 {
        let received = next(&mut deliveries).await;
        attempts.insert(number(&received), received.attempt);
        ack(&received).await;
    }
    assert_eq!(attempts, HashMap::from([(1, 2), (2, 1)]));
}

#[tokio::test]
async fn a_verdict_after_the_file_was_closed_is_an_error_and_so_is_the_next_delivery() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1)]).await;
    let received = next(&mut deliveries).await;
    transport.close().await;
    let error = received.settle.settle(Verdict::Ack).await.unwrap_err();
    assert!(error.to_string().contains("delivered again"), "{error}");
    assert!(deliveries.next().await.is_err());
    let refused = transport.publish(vec![event(2)]).await.remove(0);
    assert!(refused.unwrap_err().may_be_repeated());
}

#[tokio::test]
async fn an_event_that_is_too_large_is_refused_and_the_others_of_the_batch_are_stored() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let mut large: Envelope = event(2);
    large.data = vec![b' '; 16 * 1024 * 1024 + 1].into();
    let mut largest = event(3);
    largest.data = vec![b' '; 16 * 1024 * 1024].into();
    let verdicts = transport.publish(vec![event(1), large, largest]).await;
    assert!(verdicts[0].is_ok() && verdicts[2].is_ok());
    let error = verdicts[1].as_ref().unwrap_err();
    assert!(!error.may_be_repeated() && error.to_string().contains("16777217"));
    assert_eq!(number(&next(&mut deliveries).await), 1);
    assert_eq!(
        next(&mut deliveries).await.envelope.data.len(),
        16 * 1024 * 1024
    );
}

#[tokio::test]
async fn the_file_closes_when_the_last_clone_and_the_last_delivery_are_gone() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, (0..20).map(event)).await;
    let received = next(&mut deliveries).await;
    drop(transport);
    drop(deliveries);
    ack(&received).await;
    drop(received);
    // Who closes a file last removes its log.
    let log = bus.path().with_extension("db-wal");
    let gone = async {
        while log.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), gone)
        .await
        .expect("the file stays open");
    let transport = EmbeddedTransport::open(bus.path(), Clock::system()).unwrap();
    assert_eq!(transport.waiting(NAME).await.unwrap(), 19);
}

#[tokio::test]
async fn a_job_that_has_waited_longer_than_a_lease_does_not_take_what_its_own_consumer_has() {
    let fake = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(100));
    let bus = Bus::with(fake.clock());
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1)]).await;
    let first = next(&mut deliveries).await;
    // What the subscription has sent so far is done, or it would share a transaction with what follows.
    tokio::time::sleep(Duration::from_millis(100)).await;

    // The thread that writes is busy, a disk that hangs, and the job of the subscription waits behind it.
    let (go_on, busy) = mpsc::channel::<()>();
    let database = transport.database().clone();
    let blocked = tokio::spawn(async move {
        let job = move |_: &Transaction<'_>| -> Result<()> {
            // Longer than this test, if it fails.
            let _ = busy.recv_timeout(Duration::from_secs(20));
            Ok(())
        };
        database.write(job).await
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let other = transport.clone();
    let published = tokio::spawn(async move { publish(&other, [event(2)]).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    fake.advance(Duration::from_secs(3));
    go_on.send(()).unwrap();
    blocked.await.unwrap().unwrap();
    published.await.unwrap();

    let second = next(&mut deliveries).await;
    assert_eq!(number(&second), 2);
    assert!(is_quiet(&mut deliveries, Duration::from_millis(300)).await);
    ack(&first).await;
    ack(&second).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
}
