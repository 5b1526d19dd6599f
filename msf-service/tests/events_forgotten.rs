//! What is easily forgotten about an outbox and an inbox, and who says so.

use msf_service::bus::outbox::{OUTBOX_SCHEMA, SqliteOutbox};
use msf_service::bus::{Receipt, inbox};
use msf_service::error::Error;
use msf_service::http::Routes;
use msf_service::prelude::*;
use msf_service::store::Migration;
use msf_service::store::sqlite::{self, Database};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "tests.asked")]
struct Asked {}

/// What is done about events, and what is forgotten.
#[derive(Clone, Copy, PartialEq)]
enum Built {
    Whole,
    WithoutRelay,
    WithoutTables,
}

async fn app(boot: Boot<Built>) -> msf_service::Result<App> {
    const MIGRATIONS: &[Migration] = &[Migration::new(1, "outbox", OUTBOX_SCHEMA)];
    let built = boot.config;
    let migrations = if built == Built::WithoutTables {
        &[][..]
    } else {
        MIGRATIONS
    };
    let database = Database::open(boot.data_dir()?.join("asked.db"), migrations)?;
    let outbox = SqliteOutbox::new(database.clone(), boot.clock().clone());
    let staging = outbox.clone();
    let file = database.clone();
    let ask = async move || -> Result<&'static str, Error> {
        let outbox = staging.clone();
        let staged: sqlite::Result<()> = file
            .write(move |tx| outbox.stage(tx, Outgoing::one(Asked {})))
            .await;
        Ok(staged.map(|()| "asked")?)
    };
    let handled = move |asked: Delivery<Asked>| {
        let (database, receipt) = (database.clone(), asked.receipt());
        answer(database, receipt)
    };
    let routes = Routes::new().post("/", Rule::public("a test"), ask);
    let events = boot.events()?;
    let app = App::new().http(routes).on("answers", handled);
    Ok(match built {
        Built::Whole => app.component(events.relay(outbox)),
        Built::WithoutRelay | Built::WithoutTables => app,
    })
}

/// Answers once, or so it thinks: its file has no inbox.
async fn answer(database: Database, receipt: Receipt) -> Handled {
    let done: sqlite::Result<Option<()>> = database
        .write(move |tx| inbox::once(tx, &receipt, |_| Ok(())))
        .await;
    done?;
    Ok(())
}

fn warnings(lines: &[Value]) -> Vec<&str> {
    let warnings = lines.iter().filter(|line| line["level"] == "WARN");
    warnings
        .filter_map(|line| line["message"].as_str())
        .collect()
}

#[tokio::test]
async fn an_outbox_without_a_relay_is_told_once() {
    let app = msf_testing::start(app, Built::WithoutRelay).await.unwrap();
    for _ in 0..3 {
        assert_eq!(app.post("/").send().await.status(), 200);
    }
    let lines = app.logs();
    let told = warnings(&lines);
    let told: Vec<_> = told
        .iter()
        .filter(|text| text.contains("nothing here publishes them"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(".component(events.relay(outbox))"),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_outbox_without_its_tables_is_told_to_whoever_stages() {
    let app = msf_testing::start(app, Built::WithoutTables).await.unwrap();
    assert_eq!(app.post("/").send().await.status(), 500);
    let line = app.requests().pop().unwrap();
    let cause = line["cause"].as_str().unwrap();
    assert!(
        cause.contains("asked.db has no outbox: put `Migration::new("),
        "{cause}"
    );
}

#[tokio::test]
async fn an_inbox_without_its_table_is_told_with_the_event() {
    let app = msf_testing::start(app, Built::Whole).await.unwrap();
    assert_eq!(app.post("/").send().await.status(), 200);
    let line = app.event("answers", "retried").await;
    let error = line["error"].as_str().unwrap();
    assert!(
        error.contains("the file has no inbox: put `Migration::new("),
        "{error}"
    );
    assert!(
        warnings(&app.logs())
            .iter()
            .all(|text| !text.contains("nothing here publishes"))
    );
}
