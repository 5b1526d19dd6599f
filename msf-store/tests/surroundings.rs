//! A job runs with what its caller has: context, service, span, subscriber; what it did is measured for its caller.
#![cfg(feature = "sqlite")]

mod support;

use std::sync::{Arc, Mutex};

use msf_core::context::Context;
use msf_core::observe::{in_service, service_name};
use msf_store::sqlite::{Result, Transaction};
use support::recorder::Recorded;
use support::{insert, scratch, values};
use tracing::{Event, Instrument, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Writes down each event with the span that it happened in and the thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, context: LayerContext<'_, S>) {
        let span = context
            .event_span(event)
            .map_or("no span", |span| span.name());
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        self.0
            .lock()
            .unwrap()
            .push(format!("{}: {span}, {thread}", event.metadata().target()));
    }
}

#[tokio::test]
async fn a_job_has_the_context_and_the_service_of_its_caller() {
    let scratch = scratch();
    let context = Context::root();
    let id = context.correlation_id().as_str().to_owned();
    let ask = || {
        let id = Context::current().map(|context| context.correlation_id().as_str().to_owned());
        (id, service_name().map(|name| name.to_string()))
    };
    let asked = context.scope(in_service("user-service".into(), async {
        let by_writer = scratch.database.write(move |_| Result::Ok(ask())).await;
        let by_reader = scratch.database.read(move |_| Result::Ok(ask())).await;
        (by_writer, by_reader)
    }));
    let (by_writer, by_reader): (Result<_>, Result<_>) = asked.await;
    let expected = (Some(id), Some("user-service".to_owned()));
    assert_eq!(
        (by_writer.unwrap(), by_reader.unwrap()),
        (expected.clone(), expected)
    );

    let without: Result<_> = scratch.database.write(move |_| Ok(ask())).await;
    assert_eq!(without.unwrap(), (None, None));
}

#[tokio::test]
async fn what_a_job_logs_reaches_the_subscriber_of_its_caller_within_its_span() {
    let lines = Lines::default();
    let _guard = tracing_subscriber::registry()
        .with(lines.clone())
        .set_default();
    let scratch = scratch();
    let log = |tx: &Transaction<'_>| {
        tracing::info!(target: "job", "here");
        insert(tx, 1)
    };
    scratch
        .database
        .write(log)
        .instrument(tracing::info_span!("register"))
        .await
        .unwrap();
    let lines = lines.0.lock().unwrap();
    assert!(
        lines.contains(&"job: register, numbers.db writer".to_owned()),
        "{lines:?}"
    );
}

#[tokio::test]
async fn each_end_of_a_job_is_counted_for_its_caller() {
    let recorded = Recorded::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let scratch = scratch();
    let database = &scratch.database;
    database.write(|tx| insert(tx, 1)).await.unwrap();
    database.write(|tx| insert(tx, 1)).await.unwrap_err();
    database
        .write(|_| -> Result<()> { panic!("on purpose") })
        .await
        .unwrap_err();
    database.read(values).await.unwrap();
    database.close().await;
    database.write(|tx| insert(tx, 2)).await.unwrap_err();
    for outcome in ["ok", "failed", "panicked", "closed"] {
        let key = format!("msf_store_writes_total{{database=numbers,outcome={outcome}}}");
        assert_eq!(recorded.count(&key), 1, "{outcome}");
    }
    assert_eq!(
        recorded.count("msf_store_reads_total{database=numbers,outcome=ok}"),
        1
    );
    assert_eq!(
        recorded
            .samples("msf_store_queue_wait_seconds{database=numbers,kind=write}")
            .len(),
        3
    );
    assert_eq!(
        recorded
            .samples("msf_store_queue_wait_seconds{database=numbers,kind=read}")
            .len(),
        1
    );
    let commits = recorded.samples("msf_store_commit_seconds{database=numbers}");
    assert!(
        commits.len() == 3 && commits.iter().all(|took| *took < 5.0),
        "{commits:?}"
    );
}
