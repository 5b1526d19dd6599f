//! What is staged is published: at once, in order, by one relay at a time, through failures, and never without its change.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use msf_bus::outbox::{OUTBOX_SCHEMA, Outbox, Pending, SqliteOutbox};
use msf_bus::transport::SubscriptionSpec;
use msf_bus::{Envelope, EventId, Events, Outgoing, Transport};
use msf_core::clock::Clock;
use msf_core::component::{Component, Life, LifeHandle};
use msf_core::{BoxError, BoxFuture};
use msf_store::Migration;
use msf_store::sqlite::{Database, Result};
use support::{Faulty, Noted, drain, next};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "users",
        "CREATE TABLE users (id TEXT PRIMARY KEY) STRICT",
    ),
    Migration::new(2, "outbox", OUTBOX_SCHEMA),
];

struct House {
    folder: TempDir,
    database: Database,
    outbox: SqliteOutbox,
    transport: Arc<Faulty>,
}

impl House {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path().join("users.db"), MIGRATIONS).unwrap();
        let outbox = SqliteOutbox::new(database.clone(), Clock::system());
        let transport = Arc::new(Faulty::open(&folder.path().join("bus.db")));
        Self {
            folder,
            database,
            outbox,
            transport,
        }
    }

    fn events(&self) -> Events {
        Events::new("user-service", self.transport.clone(), Clock::system())
    }

    /// Adds a user and tells of it, in one write; undone where it fails.
    async fn register(&self, id: &str, fails: bool) -> Result<()> {
        let (id, outbox) = (id.to_owned(), self.outbox.clone());
        let outgoing = Outgoing::one(Noted::about(&id));
        self.database
            .write(move |tx| {
                outbox.stage(tx, outgoing)?;
                tx.execute("INSERT INTO users VALUES (?1)", [&id])?;
                if fails {
                    tx.execute("INSERT INTO users VALUES (?1)", [&id])?;
                }
                Ok(())
            })
            .await
    }

    /// Waits until nothing is left to publish.
    async fn published(&self) {
        let mut pause = tokio::time::interval(Duration::from_millis(2));
        while self.outbox.pending().await.unwrap().count > 0 {
            pause.tick().await;
        }
    }
}

type Ended = std::result::Result<(), msf_core::BoxError>;

fn start(relay: impl Component) -> (LifeHandle, JoinHandle<Ended>) {
    let (handle, life) = Life::new();
    (handle, tokio::spawn(Box::new(relay).run(life)))
}

fn spec() -> SubscriptionSpec {
    SubscriptionSpec::new("audit.all", [Noted::STREAM])
}

#[tokio::test]
async fn what_is_stored_is_published_and_what_is_undone_is_not() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    let (handle, task) = start(house.events().relay(house.outbox.clone()));

    house.register("ana", false).await.unwrap();
    house.register("bo", true).await.unwrap_err();
    house.register("cy", false).await.unwrap();

    let keys = drain(&mut *deliveries, 2).await;
    assert_eq!(keys, ["ana", "cy"]);
    house.published().await;
    handle.stop();
    task.await.unwrap().unwrap();
    assert_eq!(house.transport.published.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_event_leaves_at_once_and_not_with_the_next_sweep() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    let (_handle, _task) = start(house.events().relay(house.outbox.clone()));
    house.register("first", false).await.unwrap();
    drain(&mut *deliveries, 1).await;

    // Twenty, one after the other: with the sweep alone each would wait up to a second.
    let began = tokio::time::Instant::now();
    for index in 0..20 {
        house.register(&format!("u-{index}"), false).await.unwrap();
        drain(&mut *deliveries, 1).await;
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn what_another_process_left_behind_leaves_with_the_sweep() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    let (_handle, _task) = start(house.events().relay(house.outbox.clone()));
    // Of this one the relay is not told: it has an outbox of its own, as in another process.
    let other = SqliteOutbox::new(house.database.clone(), Clock::system());
    let staged: Result<()> = house
        .database
        .write(move |tx| other.stage(tx, Outgoing::one(Noted::about("ana"))))
        .await;
    staged.unwrap();
    assert_eq!(drain(&mut *deliveries, 1).await, ["ana"]);
}

#[tokio::test]
async fn while_the_transport_fails_events_wait_and_then_leave_in_their_order() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    house.transport.failures.store(5, Ordering::Relaxed);
    let relay = house.events().relay(house.outbox.clone());
    let check = relay.checks().remove(0);
    let health = msf_core::health::Health::new();
    health.add(check.cache(Duration::ZERO));
    health.set_state(msf_core::health::State::Ready);
    let (_handle, _task) = start(relay);
    let ids: Vec<String> = (0..50).map(|index| format!("u-{index:02}")).collect();
    for id in &ids {
        house.register(id, false).await.unwrap();
    }
    // The service goes on without: degraded, and ready.
    let mut seen = health.report().await;
    let mut pause = tokio::time::interval(Duration::from_millis(1));
    let began = tokio::time::Instant::now();
    while house.transport.failures.load(Ordering::Relaxed) > 0 {
        pause.tick().await;
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "it does not try again"
        );
        let report = health.report().await;
        if format!("{report:?}").contains("events wait in the outbox") {
            seen = report;
        }
    }
    assert!(
        format!("{seen:?}").contains("events wait in the outbox"),
        "{seen:?}"
    );
    assert!(seen.status.is_available(), "{seen:?}");

    assert_eq!(drain(&mut *deliveries, 50).await, ids);
    house.published().await;
    let after = health.report().await;
    assert!(!format!("{after:?}").contains("events wait"), "{after:?}");
}

#[tokio::test]
async fn an_event_whose_confirmation_was_lost_is_published_again_with_the_same_id() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    house.transport.lost_answers.store(1, Ordering::Relaxed);
    let (_handle, _task) = start(house.events().relay(house.outbox.clone()));
    house.register("ana", false).await.unwrap();
    let first = next(&mut *deliveries).await;
    let second = next(&mut *deliveries).await;
    assert_eq!(first.envelope, second.envelope);
}

#[tokio::test]
async fn two_relays_of_one_store_do_not_publish_the_same() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    let (_one, _task_one) = start(house.events().relay(house.outbox.clone()));
    let (_two, _task_two) = start(house.events().relay(house.outbox.clone()));
    for index in 0..200 {
        house.register(&format!("u-{index}"), false).await.unwrap();
    }
    assert_eq!(drain(&mut *deliveries, 200).await.len(), 200);
    house.published().await;
    assert_eq!(house.transport.published.load(Ordering::Relaxed), 200);
}

#[tokio::test]
async fn a_lease_keeps_others_away_until_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let fake = msf_core::clock::FakeClock::new(std::time::UNIX_EPOCH + Duration::from_secs(1000));
    let database = Database::open(folder.path().join("users.db"), MIGRATIONS).unwrap();
    let outbox = SqliteOutbox::new(database.clone(), fake.clock());
    let staged = outbox.clone();
    let written: Result<()> = database
        .write(move |tx| staged.stage(tx, Outgoing::one(Noted::about("ana"))))
        .await;
    written.unwrap();

    let lease = Duration::from_secs(2);
    assert_eq!(outbox.claim("one", 10, lease).await.unwrap().len(), 1);
    assert_eq!(outbox.claim("two", 10, lease).await.unwrap().len(), 0);
    fake.advance(Duration::from_millis(1500));
    // Its owner prolongs it: what it does takes longer than it thought.
    assert_eq!(outbox.claim("one", 10, lease).await.unwrap().len(), 1);
    fake.advance(Duration::from_millis(1500));
    assert_eq!(outbox.claim("two", 10, lease).await.unwrap().len(), 0);
    fake.advance(Duration::from_millis(600));
    assert_eq!(outbox.claim("two", 10, lease).await.unwrap().len(), 1);
    assert_eq!(outbox.claim("one", 10, lease).await.unwrap().len(), 0);
}

#[tokio::test]
async fn what_is_staged_leaves_before_the_relay_ends_or_at_the_next_start() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    let (handle, life) = Life::new();
    let relay = Box::new(house.events().relay(house.outbox.clone()));
    house.register("ana", false).await.unwrap();
    handle.stop();
    relay.run(life).await.unwrap();
    assert_eq!(drain(&mut *deliveries, 1).await, ["ana"]);

    house.register("bo", false).await.unwrap();
    let (_handle, _task) = start(house.events().relay(house.outbox.clone()));
    assert_eq!(drain(&mut *deliveries, 1).await, ["bo"]);
}

#[tokio::test]
async fn a_store_without_an_outbox_is_told_at_the_start() {
    let house = House::build();
    let database = Database::open(house.folder.path().join("bare.db"), &[]).unwrap();
    let outbox = SqliteOutbox::new(database, Clock::system());
    let (_handle, task) = start(house.events().relay(outbox));
    let error = task.await.unwrap().unwrap_err();
    let told = msf_core::error::chain(&*error);
    assert!(told.contains("bare.db has no outbox"), "{told}");
    assert!(told.contains("Migration::new("), "{told}");
}

#[tokio::test]
async fn an_event_that_no_attempt_can_publish_holds_no_other_back() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    *house.transport.refused.lock().unwrap() = Some("huge".to_owned());
    // More than two batches, behind it.
    house.register("huge", false).await.unwrap();
    for index in 0..600 {
        house.register(&format!("u-{index}"), false).await.unwrap();
    }
    let relay = house.events().relay(house.outbox.clone());
    let check = relay.checks().remove(0);
    let health = msf_core::health::Health::new();
    health.add(check.cache(Duration::ZERO));
    health.set_state(msf_core::health::State::Ready);
    let began = tokio::time::Instant::now();
    let (handle, task) = start(relay);
    drain(&mut *deliveries, 600).await;
    for index in 600..620 {
        house.register(&format!("u-{index}"), false).await.unwrap();
        drain(&mut *deliveries, 1).await;
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    // It is not lost, and its operator sees it.
    let report = format!("{:?}", health.report().await);
    assert!(report.contains("it is too large"), "{report}");
    handle.stop();
    task.await.unwrap().unwrap();
    assert_eq!(house.outbox.pending().await.unwrap().count, 1);
}

#[tokio::test]
async fn what_a_transport_says_nothing_of_is_not_published() {
    let house = House::build();
    let mut deliveries = house.transport.subscribe(spec()).await.unwrap();
    house.transport.silent.store(3, Ordering::Relaxed);
    let relay = house.events().relay(house.outbox.clone());
    house.register("ana", false).await.unwrap();
    let began = tokio::time::Instant::now();
    let (_handle, _task) = start(relay);
    assert_eq!(drain(&mut *deliveries, 1).await, ["ana"]);
    // Waits of 25 ms, 50 ms and 100 ms at least: it was a failure each time.
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(170), "{took:?}");
}

/// An outbox that is filled faster than it can be emptied.
#[derive(Default)]
struct Endless {
    staged: Arc<Notify>,
    /// How often it was asked how much waits.
    looks: Arc<AtomicU32>,
}

impl Outbox for Endless {
    fn name(&self) -> &'static str {
        "endless"
    }

    fn claim(
        &self,
        _: &str,
        _: usize,
        _: Duration,
    ) -> BoxFuture<'_, std::result::Result<Vec<Envelope>, BoxError>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(vec![Envelope::of(&Noted::about("ana")).unwrap()])
        })
    }

    fn remove(&self, _: Vec<EventId>) -> BoxFuture<'_, std::result::Result<(), BoxError>> {
        Box::pin(async { Ok(()) })
    }

    fn pending(&self) -> BoxFuture<'_, std::result::Result<Pending, BoxError>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Pending::new(1, None)) })
    }

    fn staged(&self) -> Arc<Notify> {
        Arc::clone(&self.staged)
    }
}

#[tokio::test]
async fn a_relay_ends_although_others_go_on_staging() {
    let house = House::build();
    let (handle, task) = start(house.events().relay(Endless::default()));
    while house.transport.published.load(Ordering::Relaxed) < 5 {
        tokio::task::yield_now().await;
    }
    handle.stop();
    let ended = tokio::time::timeout(Duration::from_secs(5), task).await;
    ended.expect("the relay goes on").unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn how_much_waits_is_measured_while_nothing_leaves() {
    let house = House::build();
    house.transport.failures.store(u32::MAX, Ordering::Relaxed);
    let outbox = Endless::default();
    let looks = Arc::clone(&outbox.looks);
    let (_handle, _task) = start(house.events().relay(outbox));
    tokio::time::sleep(Duration::from_secs(60)).await;
    // It tries again every five seconds at least.
    let looks = looks.load(Ordering::Relaxed);
    assert!(looks >= 10, "{looks}");
}

#[tokio::test]
async fn a_lease_that_a_clock_set_back_has_made_long_keeps_nobody_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.db");
    let database = Database::open(path, MIGRATIONS).unwrap();
    let at = |seconds| {
        let begin = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        msf_core::clock::FakeClock::new(begin).clock()
    };
    let (before, after) = (
        SqliteOutbox::new(database.clone(), at(10_000)),
        SqliteOutbox::new(database.clone(), at(1000)),
    );
    let staged = before.clone();
    let written: Result<()> = database
        .write(move |tx| staged.stage(tx, Outgoing::one(Noted::about("ana"))))
        .await;
    written.unwrap();
    let lease = Duration::from_secs(2);
    assert_eq!(before.claim("one", 10, lease).await.unwrap().len(), 1);
    // "one" is killed, and the clock goes back by hours.
    assert_eq!(after.claim("two", 10, lease).await.unwrap().len(), 1);
    assert_eq!(after.claim("three", 10, lease).await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_event_that_no_transport_takes_is_refused_with_its_change() {
    let house = House::build();
    let huge = "x".repeat(16 * 1024 * 1024);
    let refused = house.register(&huge, false).await.unwrap_err();
    let told = msf_core::error::chain(&refused);
    assert!(told.contains("16777216 is the most"), "{told}");
    assert!(told.len() < 500, "{}", told.len());
    assert_eq!(house.outbox.pending().await.unwrap().count, 0);
    let users: Result<u32> = house
        .database
        .read(|db| Ok(db.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?))
        .await;
    assert_eq!(users.unwrap(), 0);
}
