//! Dead letters in the file: listed, counted, redriven, purged.
#![cfg(feature = "sqlite")]

mod embedded_support;

use std::time::{Duration, SystemTime};

use embedded_support::*;
use msf_bus::dead_letter::{Failure, Reason, Which};
use msf_bus::transport::{Deliveries, SubscriptionSpec, Transport as _, Verdict};
use msf_bus::{EmbeddedTransport, EventId};
use msf_core::clock::FakeClock;

const BEGIN: SystemTime = SystemTime::UNIX_EPOCH;

async fn bury(deliveries: &mut Box<dyn Deliveries>, reason: Reason, error: &str) -> EventId {
    let received = next(deliveries).await;
    let error = error.to_owned();
    let verdict = Verdict::Dead { reason, error };
    received.settle.settle(verdict).await.unwrap();
    received.envelope.id
}

async fn ids(transport: &EmbeddedTransport, service: &str) -> Vec<EventId> {
    let letters = transport.dead_letters().list(service, Which::All).await;
    letters.unwrap().iter().map(|l| l.envelope.id).collect()
}

#[tokio::test]
async fn a_dead_letter_has_the_event_its_failures_and_their_times() {
    let fake = FakeClock::new(BEGIN + Duration::from_secs(100));
    let bus = Bus::with(fake.clock());
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let mut sent = keyed(1, "k");
    sent.data = b"\xff".to_vec().into();
    publish(&transport, [sent.clone()]).await;
    retry(&next(&mut deliveries).await, Duration::ZERO, "first").await;
    let received = next(&mut deliveries).await;
    fake.advance(Duration::from_secs(1));
    retry(&received, Duration::ZERO, "second").await;
    let received = next(&mut deliveries).await;
    fake.advance(Duration::from_secs(1));
    let verdict = Verdict::Dead {
        reason: Reason::RetriesExhausted,
        error: "x".repeat(3000),
    };
    received.settle.settle(verdict).await.unwrap();

    let dead = transport.dead_letters();
    let letters = dead.list("sums", Which::All).await.unwrap();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((&*letter.subscription, &letter.envelope), (NAME, &sent));
    assert_eq!(
        (letter.reason, letter.redriven),
        (Reason::RetriesExhausted, 0)
    );
    assert_eq!(letter.error, "x".repeat(2000));
    assert_eq!(letter.at, BEGIN + Duration::from_secs(102));
    let history = [
        Failure::new(BEGIN + Duration::from_secs(100), "first"),
        Failure::new(BEGIN + Duration::from_secs(101), "second"),
    ];
    assert_eq!(letter.history, history);
    assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
}

#[tokio::test]
async fn those_of_a_service_are_listed_oldest_first_and_no_others() {
    let fake = FakeClock::new(BEGIN + Duration::from_secs(100));
    let bus = Bus::with(fake.clock());
    let transport = bus.open();
    let mut mine = Vec::new();
    for (name, is_mine) in [
        ("sums.b", true),
        ("sum.b", false),
        ("sums-2.b", false),
        ("sums.a", true),
    ] {
        let mut deliveries = subscribe(&transport, SubscriptionSpec::new(name, [STREAM])).await;
        publish(&transport, [event(1)]).await;
        fake.advance(Duration::from_secs(1));
        let id = bury(&mut deliveries, Reason::Undecodable, "no JSON").await;
        deliveries.close().await;
        // What comes now goes to the next one alone.
        subscribe(&transport, SubscriptionSpec::new(name, ["numbers.else"]))
            .await
            .close()
            .await;
        if is_mine {
            mine.push(id);
        }
    }
    assert_eq!(ids(&transport, "sums").await, mine);
    let dead = transport.dead_letters();
    let counts = dead.count("sums").await.unwrap();
    assert_eq!(counts, [("sums.a".to_owned(), 1), ("sums.b".to_owned(), 1)]);
    let one = dead
        .list("sums", Which::Events(vec![mine[1]]))
        .await
        .unwrap();
    assert_eq!((one.len(), &*one[0].subscription), (1, "sums.a"));
    assert!(dead.list("su", Which::All).await.unwrap().is_empty());
    assert_eq!(
        dead.purge("sums", Which::Events(vec![mine[0]]))
            .await
            .unwrap(),
        1
    );
    assert_eq!(dead.purge("sums", Which::All).await.unwrap(), 1);
    assert_eq!(ids(&transport, "sums").await, []);
    assert_eq!(ids(&transport, "sum").await.len(), 1);
}

#[tokio::test]
async fn a_redriven_event_goes_to_its_own_subscription_as_if_never_tried() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let mut other = subscribe(&transport, SubscriptionSpec::new("other.one", [STREAM])).await;
    publish(&transport, [event(1)]).await;
    ack(&next(&mut other).await).await;
    retry(&next(&mut deliveries).await, Duration::ZERO, "first").await;
    let id = bury(&mut deliveries, Reason::Refused, "no").await;

    let dead = transport.dead_letters();
    assert_eq!(dead.redrive("other", Which::All).await.unwrap(), 0);
    let stranger = Which::Events(vec![EventId::random()]);
    assert_eq!(dead.redrive("sums", stranger).await.unwrap(), 0);
    assert_eq!(
        dead.redrive("sums", Which::Events(vec![id])).await.unwrap(),
        1
    );
    assert_eq!(ids(&transport, "sums").await, []);
    let received = next(&mut deliveries).await;
    assert_eq!((received.envelope.id, received.attempt), (id, 1));
    assert!(is_quiet(&mut other, Duration::from_millis(150)).await);

    let verdict = Verdict::Dead {
        reason: Reason::Refused,
        error: "no again".to_owned(),
    };
    received.settle.settle(verdict).await.unwrap();
    let letters = dead.list("sums", Which::All).await.unwrap();
    assert_eq!((letters[0].redriven, letters[0].history.len()), (1, 0));
}

#[tokio::test]
async fn a_second_dead_letter_of_an_event_takes_the_place_of_the_first() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let twice = event(1);
    publish(&transport, [twice.clone(), event(2), twice.clone()]).await;
    for error in ["first", "other", "second"] {
        bury(&mut deliveries, Reason::Refused, error).await;
    }
    let letters = transport
        .dead_letters()
        .list("sums", Which::All)
        .await
        .unwrap();
    let errors: Vec<_> = letters.iter().map(|letter| &*letter.error).collect();
    assert_eq!(errors, ["other", "second"]);
}

#[tokio::test]
async fn a_thousand_are_redriven_although_each_fails_again_at_once() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, (0..1000).map(event)).await;
    for _ in 0..1000 {
        bury(&mut deliveries, Reason::Refused, "no").await;
    }
    let failing = tokio::spawn(async move {
        for _ in 0..1000 {
            bury(&mut deliveries, Reason::Refused, "no").await;
        }
    });
    let dead = transport.dead_letters();
    assert_eq!(dead.redrive("sums", Which::All).await.unwrap(), 1000);
    failing.await.unwrap();
    let letters = dead.list("sums", Which::All).await.unwrap();
    assert!(letters.len() == 1000 && letters.iter().all(|letter| letter.redriven == 1));
}
