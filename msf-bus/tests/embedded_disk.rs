//! The file itself: how it is written, and what happens when it cannot be.
#![cfg(feature = "sqlite")]

mod embedded_support;

use std::time::Duration;

use embedded_support::*;
use msf_bus::transport::{Transport as _, Verdict};
use msf_core::context::{Context, Deadline};
use msf_core::health::{Health, State};
use msf_store::sqlite::rusqlite::Connection;
use msf_store::sqlite::{Database, Result};
use tokio::time::timeout;

/// What is told as published is on the disk.
#[tokio::test]
async fn the_live_writer_waits_for_the_disk() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1)]).await;
    ack(&next(&mut deliveries).await).await;
    let pragmas = transport.database().write(|tx| -> Result<(i64, String)> {
        let synchronous = tx.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
        let journal = tx.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        Ok((synchronous, journal))
    });
    // 2 is FULL.
    assert_eq!(pragmas.await.unwrap(), (2, "wal".to_owned()));
}

/// Lets the file grow no further than it is, or as it likes.
async fn limit(database: &Database, pages: Option<i64>) {
    let pages = pages.unwrap_or(1 << 30);
    let job = database.write(move |tx| -> Result<i64> {
        Ok(
            tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| {
                row.get(0)
            })?,
        )
    });
    job.await.unwrap();
}

#[tokio::test]
async fn a_full_file_refuses_what_is_published_and_the_rest_goes_on_once_there_is_room() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, (0..3).map(event)).await;
    let mut in_hand = Vec::new();
    for _ in 0..3 {
        in_hand.push(next(&mut deliveries).await);
    }
    limit(transport.database(), Some(1)).await;
    let mut large = event(9);
    large.data = vec![b' '; 1_000_000].into();
    let error = transport
        .publish(vec![large.clone()])
        .await
        .remove(0)
        .unwrap_err();
    assert!(
        error.may_be_repeated() && error.to_string().contains("full"),
        "{error}"
    );
    // A verdict that needs room: told, and given again.
    let verdict = || Verdict::Retry {
        after: Duration::ZERO,
        error: "ü".repeat(2000),
    };
    let error = in_hand[0].settle.settle(verdict()).await.unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    limit(transport.database(), None).await;
    in_hand[0].settle.settle(verdict()).await.unwrap();
    let again = next(&mut deliveries).await;
    assert_eq!((number(&again), again.attempt), (0, 2));
    ack(&again).await;
    ack(&in_hand[1]).await;
    ack(&in_hand[2]).await;
    publish(&transport, [large]).await;
    assert_eq!(next(&mut deliveries).await.envelope.data.len(), 1_000_000);
}

/// A lock of another process, held for longer than the file is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_locked_for_long_stops_nothing_for_good() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    publish(&transport, [event(1), event(2)]).await;
    let first = next(&mut deliveries).await;
    let other = Connection::open(bus.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = first.settle.settle(Verdict::Ack).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("busy"), "{text}");
    // One that is dropped meanwhile is not forgotten.
    drop(next(&mut deliveries).await);
    other.execute_batch("ROLLBACK").unwrap();
    ack(&first).await;
    let second = next(&mut deliveries).await;
    assert_eq!((number(&second), second.attempt), (2, 1));
    ack(&second).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
}

#[tokio::test]
async fn a_publish_whose_time_is_over_may_be_repeated_and_stored_nothing() {
    let bus = Bus::new();
    let transport = bus.open();
    subscribe(&transport, spec()).await.close().await;
    let context = Context::root().with_deadline(Deadline::after(Duration::ZERO).unwrap());
    let verdict = context
        .scope(transport.publish(vec![event(1)]))
        .await
        .remove(0);
    let error = verdict.unwrap_err();
    assert!(
        error.may_be_repeated() && error.to_string().contains("deadline"),
        "{error}"
    );
    assert_eq!(transport.waiting(NAME).await.unwrap(), 0);
}

#[tokio::test]
async fn what_cannot_be_read_waits_and_stops_nothing() {
    let bus = Bus::new();
    let transport = bus.open();
    let mut deliveries = subscribe(&transport, spec()).await;
    let tamper = transport.database().write(|tx| -> Result<_> {
        Ok(tx.execute(
            "INSERT INTO queue (subscription, due, attempt, deliveries, redriven, event_id, attributes, data)
             VALUES (1, 0, 1, 0, 0, 'x', 'no JSON', x'')",
            [],
        )?)
    });
    tamper.await.unwrap();
    publish(&transport, [event(1)]).await;
    let received = next(&mut deliveries).await;
    assert_eq!(number(&received), 1);
    ack(&received).await;
    assert_eq!(transport.waiting(NAME).await.unwrap(), 1);
    timeout(Duration::from_secs(5), deliveries.close())
        .await
        .unwrap();
}

#[tokio::test]
async fn its_check_is_the_one_of_events_and_fails_with_the_file() {
    let bus = Bus::new();
    let transport = bus.open();
    let health = Health::new();
    health.add(transport.check().cache(Duration::ZERO));
    health.set_state(State::Ready);
    let report = health.report().await;
    assert_eq!(report.checks[0].name, "events");
    assert!(report.status.is_available());
    transport.close().await;
    assert!(!health.report().await.status.is_available());
}
