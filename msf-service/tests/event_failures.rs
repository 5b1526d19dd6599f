//! What becomes of events that cannot be handled: where each ends, what the operator sees, and that the rest goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use msf_service::bus::dead_letter::{DeadLetter, Reason, Which};
use msf_service::bus::{Envelope, HandlerError, Retry, Subscription};
use msf_service::component::{Component, Life, Phase};
use msf_service::prelude::*;
use msf_testing::Started;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "tests.asked")]
struct Asked {
    how: String,
}

/// The app, and what the test needs of it.
struct House {
    app: Started,
    events: Events,
    is_mended: Arc<AtomicBool>,
}

async fn start() -> House {
    let is_mended = Arc::new(AtomicBool::new(false));
    let (mended, mut events) = (Arc::clone(&is_mended), None);
    let app = async |boot: Boot<()>| {
        events = Some(boot.events()?);
        let handler = move |asked: Delivery<Asked>| {
            let is_mended = mended.load(Ordering::Relaxed);
            async move { handle(asked, is_mended).await }
        };
        let work = Subscription::new("work")
            .on(handler)
            .deadline(Duration::from_millis(300))
            .retry(Retry::after([5, 10, 15].map(Duration::from_millis)));
        Ok(App::new().subscribe(work))
    };
    let app = msf_testing::start(app, ()).await.unwrap();
    House {
        app,
        events: events.unwrap(),
        is_mended,
    }
}

async fn handle(asked: Delivery<Asked>, is_mended: bool) -> Handled {
    match &*asked.how {
        "fail" if !is_mended => Err(HandlerError::retry("no luck")),
        "fail twice" if asked.attempt() < 3 => Err(HandlerError::retry("not yet")),
        "panic" => panic!("boom"),
        "hang" => std::future::pending().await,
        "refuse" => Err(HandlerError::dead("not in this shop")),
        _ => Ok(()),
    }
}

impl House {
    fn envelope(how: &str) -> Envelope {
        let event = Asked {
            how: how.to_owned(),
        };
        Envelope::of(&event).unwrap()
    }

    async fn publish(&self, envelope: Envelope) -> String {
        let id = envelope.id.to_string();
        let verdicts = self.events.transport().publish(vec![envelope]).await;
        verdicts.into_iter().next().unwrap().unwrap();
        id
    }

    /// The last line about the event, once it has one of these outcomes.
    async fn line(&self, id: &str, outcome: &str) -> Value {
        let found = async {
            let mut pause = tokio::time::interval(Duration::from_millis(5));
            loop {
                pause.tick().await;
                let lines = self.app.logs();
                let about = |line: &&Value| line["event_id"] == id && line["outcome"] == outcome;
                if let Some(line) = lines.iter().rfind(about) {
                    return line.clone();
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), found).await;
        found.unwrap_or_else(|_| panic!("no line {outcome} of {id}: {:#?}", self.app.logs()))
    }

    async fn dead(&self) -> Vec<DeadLetter> {
        let letters = self.events.transport().dead_letters();
        letters.list("app", Which::All).await.unwrap()
    }

    fn count(&self, outcome: &str) -> u64 {
        self.app.count(
            "msf_events_total",
            &[("outcome", outcome), ("subscription", "work")],
        )
    }
}

#[tokio::test]
async fn each_ends_where_it_belongs_and_the_rest_goes_on() {
    let house = start().await;
    let mut ids = Vec::new();
    for how in ["fail", "panic", "hang", "refuse"] {
        ids.push(house.publish(House::envelope(how)).await);
    }
    let mut undecodable = House::envelope("x");
    undecodable.data = "{\"how\": 7".into();
    ids.push(house.publish(undecodable).await);
    let mut newer = House::envelope("x");
    newer.event_type = "tests.asked.v9".to_owned();
    ids.push(house.publish(newer).await);
    let mut foreign = House::envelope("x");
    foreign.event_type = "tests.asked".to_owned();
    let foreign = house.publish(foreign).await;
    let twice = house.publish(House::envelope("fail twice")).await;
    let good = house.publish(House::envelope("work")).await;

    // The rest goes on.
    let line = house.line(&good, "handled").await;
    assert_eq!(
        (&line["level"], &line["attempt"]),
        (&"INFO".into(), &1.into())
    );
    assert_eq!(line["subscription"], "work");
    assert_eq!(line["event_type"], "tests.asked.v1");
    let line = house.line(&twice, "handled").await;
    assert_eq!(line["attempt"], 3);
    assert_eq!(house.line(&twice, "retried").await["level"], "WARN");
    let line = house.line(&foreign, "unknown").await;
    assert_eq!(line["level"], "WARN");

    let expected = [
        (Reason::RetriesExhausted, 4, "no luck"),
        (Reason::RetriesExhausted, 4, "the handler panicked: boom"),
        (
            Reason::RetriesExhausted,
            4,
            "the handler took longer than 300ms",
        ),
        (Reason::Refused, 1, "not in this shop"),
        (
            Reason::Undecodable,
            1,
            "the field `how` does not fit: expected a string",
        ),
        (
            Reason::UnknownVersion,
            1,
            "no handler for version 9 of tests.asked, only for v1",
        ),
    ];
    for (id, (reason, attempts, error)) in ids.iter().zip(expected) {
        let line = house.line(id, "dead").await;
        assert_eq!(line["level"], "ERROR", "{line}");
        assert_eq!(line["reason"], reason.as_str(), "{line}");
        assert_eq!(line["attempt"], attempts, "{line}");
        assert!(line["error"].as_str().unwrap().contains(error), "{line}");
        assert!(line["correlation_id"].is_string(), "{line}");

        let dead = house.dead().await;
        let letter = dead
            .iter()
            .find(|letter| letter.envelope.id.to_string() == *id);
        let letter = letter.unwrap_or_else(|| panic!("{id} is no dead letter: {dead:#?}"));
        assert_eq!(letter.subscription, "app.work");
        assert_eq!(
            (letter.reason, letter.history.len()),
            (reason, attempts - 1)
        );
        assert!(letter.error.contains(error), "{letter:?}");
    }
    assert_eq!(house.dead().await.len(), ids.len());
    let raw = house.dead().await.into_iter();
    let raw = raw.filter(|letter| letter.reason == Reason::Undecodable);
    assert_eq!(raw.last().unwrap().envelope.data, "{\"how\": 7");

    for (outcome, count) in [
        ("dead", 6),
        ("handled", 2),
        ("unknown", 1),
        ("retried", 3 * 3 + 2),
    ] {
        assert_eq!(house.count(outcome), count, "{outcome}");
    }
    // Whoever fails is one event, not the service.
    let report = house.app.running().health().report().await;
    assert!(report.status.is_available(), "{report:?}");
    let stopped = house.app.stop().await;
    assert_eq!((stopped.unfinished, stopped.failed), (vec![], vec![]));
}

#[tokio::test]
async fn a_dead_letter_is_redriven_once_its_handler_is_mended_and_purged_for_good() {
    let house = start().await;
    let id = house.publish(House::envelope("fail")).await;
    let refused = house.publish(House::envelope("refuse")).await;
    house.line(&id, "dead").await;
    house.line(&refused, "dead").await;

    house.is_mended.store(true, Ordering::Relaxed);
    let letters = house.events.transport().dead_letters();
    assert_eq!(letters.redrive("other", Which::All).await.unwrap(), 0);
    let one = Which::Events(vec![id.parse().unwrap()]);
    assert_eq!(letters.redrive("app", one).await.unwrap(), 1);
    let line = house.line(&id, "handled").await;
    assert_eq!(line["attempt"], 1, "all its attempts are before it again");

    assert_eq!(house.dead().await.len(), 1);
    assert_eq!(letters.purge("app", Which::All).await.unwrap(), 1);
    assert_eq!(house.dead().await.len(), 0);
}

#[tokio::test]
async fn an_event_carries_the_context_of_its_request_to_its_handler() {
    let house = start().await;
    let mut arriving = msf_service::axum::http::HeaderMap::new();
    arriving.insert("x-correlation-id", "order-7".parse().unwrap());
    let context = msf_service::context::Context::extract(&arriving);
    let trace = context.trace().trace_id().to_string();
    let id = context
        .scope(async {
            house
                .events
                .publish(Asked {
                    how: "work".to_owned(),
                })
                .await
        })
        .await
        .unwrap();
    let line = house.line(&id.to_string(), "handled").await;
    assert_eq!(line["correlation_id"], "order-7");
    assert_eq!(line["trace_id"], trace);
}

type Ending = std::pin::Pin<Box<dyn Future<Output = Result<(), msf_service::BoxError>> + Send>>;

/// Opens the gate for one, once messages are to end and no sooner.
struct Opens(Arc<tokio::sync::Semaphore>);

impl Component for Opens {
    fn name(&self) -> &'static str {
        "opens"
    }

    fn stops_in(&self) -> Phase {
        Phase::Messages
    }

    fn run(self: Box<Self>, life: Life) -> Ending {
        Box::pin(async move {
            life.soft().await;
            self.0.add_permits(1);
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_stop_finishes_what_is_in_hand_and_leaves_the_rest_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (entered, mut entries) = tokio::sync::mpsc::unbounded_channel();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (door, mut events) = (Arc::clone(&gate), None);
    let app = async |boot: Boot<()>| {
        events = Some(boot.events()?);
        let slow = move |asked: Delivery<Asked>| {
            let (entered, door) = (entered.clone(), Arc::clone(&door));
            async move {
                let _ = entered.send(asked.how.clone());
                door.acquire().await?.forget();
                Ok(())
            }
        };
        let opens = Opens(Arc::clone(&gate));
        let work = Subscription::new("work").on(slow).concurrency(1);
        Ok(App::new().subscribe(work).component(opens))
    };
    let start = msf_testing::Start::named("app").data_dir(folder.path());
    let started = start.start(app, ()).await.unwrap();
    let publisher = events.unwrap();
    for how in ["first", "second"] {
        publisher
            .publish(Asked {
                how: how.to_owned(),
            })
            .await
            .unwrap();
    }
    assert_eq!(entries.recv().await.unwrap(), "first");

    let stopped = started.stop().await;
    assert_eq!((stopped.unfinished, stopped.failed), (vec![], vec![]));
    assert!(
        entries.try_recv().is_err(),
        "nothing is begun while it stops"
    );

    let (entered, mut entries) = tokio::sync::mpsc::unbounded_channel();
    let app = async |_: Boot<()>| {
        let note = move |asked: Delivery<Asked>| {
            let entered = entered.clone();
            async move { Ok(entered.send(asked.how.clone())?) }
        };
        Ok(App::new().on("work", note))
    };
    let start = msf_testing::Start::named("app").data_dir(folder.path());
    let _started = start.start(app, ()).await.unwrap();
    assert_eq!(entries.recv().await.unwrap(), "second");
    assert!(entries.try_recv().is_err(), "the first is done");
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "tests.answered")]
struct Answered {}

#[tokio::test]
async fn an_older_version_of_a_service_keeps_what_only_a_newer_one_knows() {
    async fn ignore<E: Event>(_: Delivery<E>) -> Handled {
        Ok(())
    }
    let folder = tempfile::tempdir().unwrap();
    let newer = async |boot: Boot<()>| {
        // Whoever handles this has subscribed.
        let ready = Asked {
            how: "ready".to_owned(),
        };
        boot.events()?.publish(ready).await?;
        let work = Subscription::new("work")
            .on(ignore::<Asked>)
            .on(ignore::<Answered>);
        Ok(App::new().subscribe(work))
    };
    let start = || msf_testing::Start::named("app").data_dir(folder.path());
    let app = start().start(newer, ()).await.unwrap();
    app.handled("work").await;
    app.stop().await;

    let mut events = None;
    let older = async |boot: Boot<()>| {
        events = Some(boot.events()?);
        Ok(App::new().on("work", ignore::<Asked>))
    };
    let app = start().start(older, ()).await.unwrap();
    let events = events.unwrap();
    let id = events.publish(Answered {}).await.unwrap();
    let line = app.event("work", "dead").await;
    assert_eq!(line["event_id"], id.to_string());
    assert_eq!(line["reason"], "unknown-stream");
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .contains("no handler here is for tests.answered"),
        "{line}"
    );
    app.stop().await;

    let app = start().start(newer, ()).await.unwrap();
    app.handled("work").await;
    let letters = events.transport().dead_letters();
    assert_eq!(letters.redrive("app", Which::All).await.unwrap(), 1);
    assert_eq!(app.handled("work").await["event_id"], id.to_string());
}
