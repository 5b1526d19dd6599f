//! Events of apps in one program: published, handled, shared, and what is refused.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use msf_service::bus::{
    Delivery, Event, Events, Handle, Handled, HandlerError, Retry, Subscription,
};
use msf_service::client::Local;
use msf_service::error::Error;
use msf_service::http::{Path, Routes};
use msf_service::{App, Boot, Rule};
use msf_testing::{FakeClock, Start, Started};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "people.greeted")]
struct Greeted {
    #[event(key)]
    name: String,
}

/// What a handler had in hand: its own name, the greeted one, the attempt, and when the event says it happened.
type Seen = (&'static str, String, u32, SystemTime);

struct Notes {
    own: &'static str,
    to: mpsc::UnboundedSender<Seen>,
}

impl Handle<Greeted> for Notes {
    async fn handle(&self, greeted: Delivery<Greeted>) -> Handled {
        if greeted.name == "nobody" {
            return Err(HandlerError::dead("nobody is there"));
        }
        let seen = (
            self.own,
            greeted.name.clone(),
            greeted.attempt(),
            greeted.envelope().time,
        );
        self.to.send(seen).map_err(HandlerError::from)
    }
}

/// Publishes whom it greets.
async fn greeter(boot: Boot<()>) -> msf_service::Result<App> {
    Ok(App::new().http(greetings(boot.events()?)))
}

fn greetings(events: Events) -> Routes {
    let greet = async move |Path(name): Path<String>| -> Result<String, Error> {
        Ok(events.publish(Greeted { name }).await?.to_string())
    };
    Routes::new().post("/{name}", Rule::public("a test"), greet)
}

/// Notes who was greeted, under two subscriptions.
async fn notary(boot: Boot<mpsc::UnboundedSender<Seen>>) -> msf_service::Result<App> {
    let notes = |own| Notes {
        own,
        to: boot.config.clone(),
    };
    Ok(App::new().on("first", notes("first")).subscribe(
        Subscription::new("second")
            .on(notes("second"))
            .retry(Retry::never()),
    ))
}

async fn start(start: Start) -> Started {
    start.start(greeter, ()).await.expect("it starts")
}

async fn post(app: &Started, name: &str) -> String {
    let answer = app
        .post(&format!("/{name}"))
        .header("x-correlation-id", name)
        .send()
        .await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.text()
}

#[tokio::test]
async fn what_one_app_publishes_the_other_handles_under_each_of_its_names() {
    let local = Local::new();
    let publisher = start(Start::named("greeter").local(&local)).await;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let consumer = Start::named("notary")
        .local(&local)
        .start(notary, sender)
        .await
        .unwrap();

    let ana = post(&publisher, "ana").await;
    let first = consumer.handled("first").await;
    assert_eq!(
        (&first["event_id"], &first["event_type"]),
        (&ana.into(), &"people.greeted.v1".into())
    );
    assert_eq!(
        (&first["attempt"], &first["outcome"]),
        (&1.into(), &"handled".into())
    );
    assert_eq!(first["correlation_id"], "ana");
    consumer.handled("notary.second").await;

    // The next line, not the same again.
    let bo = post(&publisher, "bo").await;
    assert_eq!(
        consumer.handled("first").await["event_id"],
        Value::String(bo)
    );
    consumer.handled("second").await;
    let mut seen: Vec<_> = std::iter::from_fn(|| seen.try_recv().ok())
        .map(|(own, name, ..)| (own, name))
        .collect();
    seen.sort();
    let expected = [
        ("first", "ana"),
        ("first", "bo"),
        ("second", "ana"),
        ("second", "bo"),
    ];
    assert_eq!(seen, expected.map(|(own, name)| (own, name.to_owned())));
    assert_eq!(consumer.event_lines().len(), 4);
    assert!(publisher.event_lines().is_empty());
    assert!(consumer.stop().await.unfinished.is_empty());
}

#[tokio::test]
async fn an_async_function_is_a_handler_too() {
    async fn greeted(delivery: Delivery<Greeted>) -> Handled {
        assert_eq!(delivery.name, "ana");
        Ok(())
    }
    let app = async |boot: Boot<()>| {
        Ok(App::new()
            .http(greetings(boot.events()?))
            .on("greetings", greeted))
    };
    let app = Start::named("hello").start(app, ()).await.unwrap();
    post(&app, "ana").await;
    assert_eq!(app.handled("greetings").await["correlation_id"], "ana");
}

#[tokio::test]
async fn apps_that_share_nothing_share_no_events() {
    let publisher = start(Start::named("greeter")).await;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let apart = Start::named("notary").start(notary, sender).await.unwrap();
    post(&publisher, "ana").await;
    assert_eq!(apart.stop().await.failed, Vec::<String>::new());
    assert!(seen.try_recv().is_err());
}

#[tokio::test]
async fn events_wait_in_the_data_folder_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let begin = || Start::named("greeter").data_dir(folder.path());
    let first = start(begin()).await;
    post(&first, "ana").await;
    first.stop().await;
    assert!(folder.path().join("bus.db").is_file());
    let (sender, mut seen) = mpsc::unbounded_channel();
    let later = Start::named("notary")
        .data_dir(folder.path())
        .start(notary, sender)
        .await
        .unwrap();
    later.handled("first").await;
    assert_eq!(seen.recv().await.unwrap().1, "ana");
}

#[tokio::test]
async fn an_event_has_the_time_of_the_apps_clock() {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(43_200);
    let (local, clock) = (Local::new(), FakeClock::new(noon));
    let publisher = start(Start::named("greeter").local(&local).clock(&clock)).await;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let consumer = Start::named("notary")
        .local(&local)
        .clock(&clock)
        .start(notary, sender)
        .await
        .unwrap();
    post(&publisher, "ana").await;
    consumer.handled("first").await;
    assert_eq!(seen.recv().await.unwrap().3, noon);
}

/// Under a paused clock the earliest timer is over as soon as nothing else is to be done: the wait must have none.
#[tokio::test]
async fn a_test_waits_for_a_handler_that_takes_an_hour_of_a_paused_clock() {
    async fn slow(_: Delivery<Greeted>) -> Handled {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Ok(())
    }
    let app = async |boot: Boot<mpsc::UnboundedSender<Events>>| {
        boot.config.send(boot.events()?)?;
        let slow = Subscription::new("slow").on(slow);
        Ok(App::new().subscribe(slow.deadline(Duration::from_secs(7200))))
    };
    let (sender, mut events) = mpsc::unbounded_channel();
    let app = Start::named("hello").start(app, sender).await.unwrap();
    let events = events.recv().await.unwrap();
    tokio::time::pause();
    let name = "ana".to_owned();
    events.publish(Greeted { name }).await.unwrap();
    let line = app.handled("slow").await;
    assert!(
        line["duration_ms"].as_f64().unwrap() >= 3_600_000.0,
        "{line}"
    );
}

#[tokio::test]
async fn the_health_of_an_app_depends_on_the_transport_as_far_as_it_needs_it() {
    let (sender, _seen) = mpsc::unbounded_channel();
    let consumer = Start::named("notary").start(notary, sender).await.unwrap();
    let publisher = start(Start::named("greeter")).await;
    let plain = msf_testing::start(async |_: Boot<()>| Ok(App::new()), ())
        .await
        .unwrap();
    let required = async |app: &Started| -> Vec<bool> {
        let report = app.running().health().report().await;
        report.checks.iter().map(|check| check.required).collect()
    };
    // One transport, one check, whatever the number of subscriptions.
    assert_eq!(required(&consumer).await, [true]);
    assert_eq!(required(&publisher).await, [false]);
    assert_eq!(required(&plain).await, [false; 0]);
}

async fn never(_: Delivery<Greeted>) -> Handled {
    Ok(())
}

#[tokio::test]
async fn names_that_cannot_last_are_refused_when_the_app_is_put_together() {
    for (names, told) in [
        (["bills", "bills"], "`hello` has two subscriptions `bills`"),
        (
            ["bills", "Welcome mail"],
            "the subscription `Welcome mail` of `hello`",
        ),
    ] {
        let app = async |_: Boot<()>| {
            Ok(names
                .iter()
                .fold(App::new(), |app, name| app.on(*name, never)))
        };
        let refused = Start::named("hello")
            .start(app, ())
            .await
            .unwrap_err()
            .to_string();
        assert!(refused.contains(told), "{refused}");
    }
}

#[tokio::test]
async fn the_transport_is_opened_once_however_often_it_is_asked_for() {
    let app = async |boot: Boot<()>| {
        let (one, other) = (boot.events()?, boot.events()?);
        assert!(Arc::ptr_eq(one.transport(), other.transport()));
        assert_eq!(one.service(), "hello");
        Ok(App::new())
    };
    Start::named("hello").start(app, ()).await.unwrap();
}

#[tokio::test]
async fn a_subscription_of_no_use_does_not_start() {
    async fn ignore(_: Delivery<Greeted>) -> Handled {
        Ok(())
    }
    for (subscription, told) in [
        (
            Subscription::new("none"),
            "the subscription `none` has no handler",
        ),
        (
            Subscription::new("twice").on(ignore).on(ignore),
            "the subscription `twice` has two handlers for `people.greeted.v1`",
        ),
    ] {
        let app = async |_: Boot<()>| Ok(App::new().subscribe(subscription));
        let refused = msf_testing::start(app, ()).await.unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
}
