//! Several consumers of one subscription, in one process or several, and the end of one of them.
#![cfg(feature = "sqlite")]

mod embedded_support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use embedded_support::*;
use msf_bus::EmbeddedTransport;
use msf_bus::transport::{Deliveries, Transport as _, Verdict};
use msf_core::clock::FakeClock;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout};

/// How often each number was handled, and by which consumer.
type Handled = Arc<Mutex<HashMap<u64, Vec<usize>>>>;

async fn work(me: usize, mut deliveries: Box<dyn Deliveries>, handled: Handled, all: usize) {
    while handled.lock().unwrap().len() < all {
        if let Ok(received) = timeout(Duration::from_millis(100), deliveries.next()).await {
            let received = received.unwrap();
            let number = number(&received);
            handled.lock().unwrap().entry(number).or_default().push(me);
            ack(&received).await;
        }
    }
    deliveries.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_consumers_over_two_transports_handle_each_of_ten_thousand_once() {
    const ALL: u64 = 10_000;
    let bus = Bus::new();
    let transports = [bus.open(), bus.open()];
    let handled = Handled::default();
    let mut consumers = Vec::new();
    for me in 0..4 {
        let deliveries = subscribe(&transports[me % 2], spec()).await;
        let all = usize::try_from(ALL).unwrap();
        consumers.push(tokio::spawn(work(
            me,
            deliveries,
            Arc::clone(&handled),
            all,
        )));
    }
    for batch in 0..ALL / 50 {
        let numbers = batch * 50..(batch + 1) * 50;
        publish(&transports[usize::from(batch % 2 == 0)], numbers.map(event)).await;
    }
    for consumer in consumers {
        consumer.await.unwrap();
    }
    assert_eq!(transports[0].waiting(NAME).await.unwrap(), 0);
    let handled = handled.lock().unwrap();
    let twice: Vec<_> = handled.iter().filter(|(_, by)| by.len() != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    for me in 0..4 {
        assert!(
            handled.values().any(|by| by == &[me]),
            "{me} had nothing to do"
        );
    }
}

#[tokio::test]
async fn what_another_process_publishes_is_found_within_a_moment() {
    let bus = Bus::new();
    let (here, there) = (bus.open(), bus.open());
    let mut deliveries = subscribe(&here, spec()).await;
    assert!(is_quiet(&mut deliveries, Duration::from_millis(250)).await);
    let begun = Instant::now();
    publish(&there, [event(1)]).await;
    assert_eq!(number(&next(&mut deliveries).await), 1);
    // A poll is 100 ms; the machine may be busy.
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

/// A consumer that ends as a killed process does: it has an event in hand, and says nothing any more.
fn killed(bus: &Bus) -> (Runtime, EmbeddedTransport) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let transport = bus.open();
    let mut deliveries = runtime.block_on(subscribe(&transport, spec()));
    std::mem::forget(runtime.block_on(next(&mut deliveries)));
    std::mem::forget(deliveries);
    (runtime, transport)
}

#[test]
fn what_a_killed_consumer_had_is_taken_over_once_its_lease_is_over_and_not_before() {
    let fake = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
    let bus = Bus::with(fake.clock());
    let runtime = Runtime::new().unwrap();
    let transport = bus.open();
    runtime.block_on(publish(&transport, [event(1)]));
    let (dying, _) = killed(&bus);
    dying.shutdown_background();
    runtime.block_on(async {
        let mut first = subscribe(&transport, spec()).await;
        fake.advance(Duration::from_millis(1999));
        assert!(is_quiet(&mut first, Duration::from_millis(400)).await);
        fake.advance(Duration::from_millis(1));
        let received = next(&mut first).await;
        assert_eq!((number(&received), received.attempt), (1, 1));
        ack(&received).await;
        assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
    });
}

#[test]
fn a_lease_is_renewed_for_as_long_as_its_consumer_lives() {
    let fake = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
    let bus = Bus::with(fake.clock());
    let runtime = Runtime::new().unwrap();
    let transport = bus.open();
    runtime.block_on(publish(&transport, [event(1)]));
    runtime.block_on(async {
        let mut first = subscribe(&transport, spec()).await;
        let received = next(&mut first).await;
        let other = bus.open();
        let mut second = subscribe(&other, spec()).await;
        // Five leases.
        for _ in 0..10 {
            fake.advance(Duration::from_secs(1));
            assert!(is_quiet(&mut second, Duration::from_millis(600)).await);
        }
        ack(&received).await;
        assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
    });
}

/// The pump of the first is held up; its consumer is not.
#[test]
fn a_verdict_on_a_lost_lease_does_not_disturb_the_new_owner() {
    let fake = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
    let bus = Bus::with(fake.clock());
    let (slow, quick) = (
        Builder::new_current_thread().enable_all().build().unwrap(),
        Runtime::new().unwrap(),
    );
    let (here, there) = (bus.open(), bus.open());
    slow.block_on(publish(&here, [event(1), event(2)]));
    let mut first = slow.block_on(subscribe(&here, spec()));
    let old = slow.block_on(next(&mut first));
    let other = slow.block_on(next(&mut first));
    // Nothing runs on the first's runtime meanwhile.
    fake.advance(Duration::from_millis(2001));
    let mut second = quick.block_on(subscribe(&there, spec()));
    let new = quick.block_on(next(&mut second));
    let another = quick.block_on(next(&mut second));
    assert_eq!((number(&new), number(&another)), (1, 2));
    slow.block_on(async {
        ack(&old).await;
        other
            .settle
            .settle(Verdict::Retry {
                after: Duration::ZERO,
                error: "late".to_owned(),
            })
            .await
            .unwrap();
    });
    quick.block_on(async {
        assert_eq!(there.waiting(NAME).await.unwrap(), 2);
        retry(&new, Duration::ZERO, "no route").await;
        ack(&another).await;
        let again = next(&mut second).await;
        assert_eq!((number(&again), again.attempt), (1, 2));
        ack(&again).await;
        assert_eq!(there.waiting(NAME).await.unwrap(), 0);
    });
}

#[tokio::test]
async fn an_idle_subscription_writes_nothing() {
    let bus = Bus::new();
    let (transport, other) = (bus.open(), bus.open());
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1)]).await;
    ack(&next(&mut deliveries).await).await;
    // What is written shows in the version of the file as another connection sees it.
    let version = || async {
        let version = other
            .database()
            .read(|db| -> msf_store::sqlite::Result<i64> {
                Ok(db.pragma_query_value(None, "data_version", |row| row.get(0))?)
            });
        version.await.unwrap()
    };
    let before = version().await;
    assert!(is_quiet(&mut deliveries, Duration::from_secs(3)).await);
    assert_eq!(version().await, before);
    publish(&transport, [event(2)]).await;
    assert_ne!(version().await, before);
}

#[tokio::test]
async fn what_was_in_hand_before_the_clock_was_set_back_is_not_kept_away_for_as_long() {
    let at = |seconds| FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let bus = Bus::new();
    // Killed with the event in hand: its runtime ends, and nobody says anything more.
    let runtime = Runtime::new().unwrap();
    let path = bus.path();
    let taken = runtime.spawn(async move {
        let transport = EmbeddedTransport::open(path, at(10_000).clock()).unwrap();
        let mut deliveries = subscribe(&transport, spec()).await;
        publish(&transport, [event(1)]).await;
        std::mem::forget(next(&mut deliveries).await);
        std::mem::forget(deliveries);
    });
    taken.await.unwrap();
    runtime.shutdown_background();

    let transport = EmbeddedTransport::open(bus.path(), at(1000).clock()).unwrap();
    let mut deliveries = subscribe(&transport, spec()).await;
    assert_eq!(number(&next(&mut deliveries).await), 1);
}
