//! Events of one key, one after the other.
#![cfg(feature = "sqlite")]

mod embedded_support;

use std::time::Duration;

use embedded_support::*;
use msf_bus::dead_letter::Reason;
use msf_bus::transport::{SubscriptionSpec, Transport as _, Verdict};

fn ordered() -> SubscriptionSpec {
    let mut spec = spec();
    spec.ordered = true;
    spec
}

#[tokio::test]
async fn what_follows_waits_for_a_failed_first_of_its_key_and_for_nothing_else() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, ordered()).await;
    let batch = [
        keyed(1, "a"),
        keyed(2, "a"),
        keyed(3, "b"),
        event(4),
        keyed(5, "a"),
        event(6),
    ];
    publish(&transport, batch).await;
    let mut first = Vec::new();
    for _ in 0..4 {
        first.push(next(&mut deliveries).await);
    }
    let numbers: Vec<_> = first.iter().map(number).collect();
    assert_eq!(numbers, [1, 3, 4, 6]);
    retry(&first[0], Duration::from_millis(400), "no route").await;
    ack(&first[1]).await;
    // The rest of its key stays where it is while the first waits.
    assert!(is_quiet(&mut deliveries, Duration::from_millis(200)).await);
    for (expected, attempt) in [(1, 2), (2, 1), (5, 1)] {
        let received = next(&mut deliveries).await;
        assert_eq!((number(&received), received.attempt), (expected, attempt));
        assert!(is_quiet(&mut deliveries, Duration::from_millis(50)).await);
        ack(&received).await;
    }
}

#[tokio::test]
async fn a_dead_letter_lets_those_behind_it_go_on() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, ordered()).await;
    publish(&transport, [keyed(1, "a"), keyed(2, "a")]).await;
    let received = next(&mut deliveries).await;
    let verdict = Verdict::Dead {
        reason: Reason::Refused,
        error: "no".to_owned(),
    };
    received.settle.settle(verdict).await.unwrap();
    assert_eq!(number(&next(&mut deliveries).await), 2);
}

#[tokio::test]
async fn two_consumers_never_have_the_same_key_in_hand() {
    let bus = Bus::new();
    let (here, there) = (bus.open(), bus.open());
    let mut first = subscribe(&here, ordered()).await;
    let mut second = subscribe(&there, ordered()).await;
    let keys = ["a", "b", "c"];
    publish(
        &here,
        (0..60).map(|n| keyed(n, keys[usize::try_from(n % 3).unwrap()])),
    )
    .await;
    let mut last = [None; 3];
    for _ in 0..60 {
        let received = tokio::select! {
            received = next(&mut first) => received,
            received = next(&mut second) => received,
        };
        let number = number(&received);
        let last = &mut last[usize::try_from(number % 3).unwrap()];
        assert_eq!(last.map_or(number % 3, |last| last + 3), number);
        *last = Some(number);
        ack(&received).await;
    }
    assert_eq!(here.waiting(NAME).await.unwrap(), 0);
}

#[tokio::test]
async fn a_subscription_without_order_has_a_whole_key_in_hand() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [keyed(1, "a"), keyed(2, "a")]).await;
    let (_first, second) = (next(&mut deliveries).await, next(&mut deliveries).await);
    assert_eq!(number(&second), 2);
}
