//! Captured log lines and rendered metrics, both of the test's own thread.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use msf_core::context::Context;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt as _};

/// One log line of msf: its fields, and what a formatter would add from the task.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) service: Option<String>,
}

impl Line {
    /// The field's value; empty where it is absent.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(crate) fn keys(&self) -> Vec<&str> {
        self.fields.keys().map(String::as_str).collect()
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Captured {
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Captured {
    /// Captures until the guard is dropped, on this thread only: the runtime has to be of one thread.
    pub(crate) fn start() -> (Self, DefaultGuard) {
        // With one subscriber only, tracing asks the thread that first meets a call site whether anybody listens, and
        // keeps the answer for all threads. So every thread of the test has one that does.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        let captured = Self::default();
        let subscriber = tracing_subscriber::registry().with(captured.clone());
        (captured, tracing::subscriber::set_default(subscriber))
    }

    /// The lines so far that have this target.
    pub(crate) fn of(&self, target: &str) -> Vec<Line> {
        let lines = self.lines.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.target == target)
            .cloned()
            .collect()
    }

    /// The request lines, once there are `count`; fails if there are not soon, or if there are more.
    pub(crate) async fn requests(&self, count: usize) -> Vec<Line> {
        until("request lines", || self.of("msf::request").len() >= count).await;
        let lines = self.of("msf::request");
        assert_eq!(lines.len(), count, "{lines:#?}");
        lines
    }
}

impl<S: Subscriber> Layer<S> for Captured {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let metadata = event.metadata();
        if !metadata.target().starts_with("msf::") {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.lines.lock().unwrap().push(Line {
            target: metadata.target().to_owned(),
            level: *metadata.level(),
            fields: fields.0,
            correlation_id: Context::with_current(|context| context.correlation_id().to_string()),
            service: msf_core::observe::service_name().map(|name| name.to_string()),
        });
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// Waits until `holds`, giving other tasks their turn; fails after five seconds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..5_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("waited in vain for {what}");
}

/// The counted series of the metric, sorted: `{labels} count`.
pub(crate) fn counts(metrics: &PrometheusHandle, metric: &str) -> Vec<String> {
    let text = metrics.render();
    let name = format!("{metric}_count");
    let mut series: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix(&name))
        .collect();
    series.sort_unstable();
    series.into_iter().map(str::to_owned).collect()
}
