//! Metrics in the format of Prometheus, each with the service it belongs to.

use std::borrow::Cow;
use std::sync::Arc;

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit,
};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use msf_core::observe::service_name;

/// In seconds. The OpenTelemetry conventions begin at 5 ms, where most answers of a service have long been given.
const DURATIONS: [f64; 13] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// In bytes: powers of four from 256 B to 16 MiB.
const SIZES: [f64; 9] = [
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];
/// For all that is neither, so that nothing becomes a summary: summaries of several instances cannot be added up.
const COUNTS: [f64; 10] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0,
];

/// Counts log lines that were dropped because their reader was too slow.
pub(super) const LINES_DROPPED: &str = "msf_log_lines_dropped_total";
/// Counts panics, of whatever thread or task.
pub(super) const PANICS: &str = "msf_panics_total";

/// The text that `/metrics` shows above what msf-core emits; a layer does not describe what it emits with each request.
const HISTOGRAMS: [(&str, &str); 3] = [
    (
        "http_server_request_duration_seconds",
        "Time from an HTTP request to the end of its answer.",
    ),
    (
        "rpc_server_duration_seconds",
        "Time from an RPC to the end of its answer.",
    ),
    (
        "rpc_client_duration_seconds",
        "Time from an RPC to the end of its answer, as its caller sees it.",
    ),
];
const COUNTERS: [(&str, &str); 3] = [
    (
        "msf_access_refused_total",
        "Requests that an access rule refused, by reason.",
    ),
    (
        LINES_DROPPED,
        "Log lines dropped because their reader was too slow.",
    ),
    (PANICS, "Panics, of whatever thread or task."),
];

/// Keeps metrics for Prometheus and adds the label `service` to each that has none.
///
/// The service is the one that the task works for, else the process.
pub(super) struct ServiceRecorder {
    prometheus: PrometheusRecorder,
    process: SharedString,
}

impl ServiceRecorder {
    pub(super) fn new(process: &Arc<str>) -> Result<Self, BuildError> {
        let prometheus = PrometheusBuilder::new()
            .set_buckets(&COUNTS)?
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATIONS)?
            .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &SIZES)?
            .build_recorder();
        for (name, text) in HISTOGRAMS {
            let (name, text) = (KeyName::from_const_str(name), SharedString::const_str(text));
            prometheus.describe_histogram(name, Some(Unit::Seconds), text);
        }
        for (name, text) in COUNTERS {
            let (name, text) = (KeyName::from_const_str(name), SharedString::const_str(text));
            prometheus.describe_counter(name, Some(Unit::Count), text);
        }
        Ok(Self {
            prometheus,
            process: SharedString::from_shared(Arc::clone(process)),
        })
    }

    pub(super) fn handle(&self) -> PrometheusHandle {
        self.prometheus.handle()
    }

    /// The counter `name` of the process; it is rendered from now on, because a rate needs the zero it starts from.
    pub(super) fn process_counter(&self, name: &'static str) -> Counter {
        let label = Label::new("service", self.process.clone());
        let metadata = Metadata::new(module_path!(), metrics::Level::INFO, None);
        self.prometheus
            .register_counter(&Key::from_parts(name, vec![label]), &metadata)
    }

    fn labelled<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        if key.labels().any(|label| label.key() == "service") {
            return Cow::Borrowed(key);
        }
        let service =
            service_name().map_or_else(|| self.process.clone(), SharedString::from_shared);
        Cow::Owned(key.with_extra_labels(vec![Label::new("service", service)]))
    }
}

impl Recorder for ServiceRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.prometheus.describe_counter(name, unit, description);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.prometheus.describe_gauge(name, unit, description);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.prometheus.describe_histogram(name, unit, description);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.prometheus
            .register_counter(&self.labelled(key), metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.prometheus
            .register_gauge(&self.labelled(key), metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.prometheus
            .register_histogram(&self.labelled(key), metadata)
    }
}

/// The part of `rendered` that belongs to `service`: its series, and the help of the metrics that it has.
pub(super) fn of_service(rendered: &str, service: &str) -> String {
    // Quotes within a label's value are escaped, so this cannot be found inside one.
    let label = format!("service=\"{service}\"");
    let belongs = |line: &str| {
        line.match_indices(&label)
            .any(|(at, _)| line[..at].ends_with(['{', ',']))
    };
    let mut kept = String::new();
    let mut heading = String::new();
    let mut in_heading = false;
    for line in rendered.lines() {
        if line.starts_with('#') {
            if !in_heading {
                heading.clear();
            }
            heading.push_str(line);
            heading.push('\n');
        } else if belongs(line) {
            kept.push_str(&heading);
            heading.clear();
            kept.push_str(line);
            kept.push('\n');
        }
        in_heading = line.starts_with('#');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_series_of_a_service_are_kept() {
        let rendered = "# HELP a help\n# TYPE a counter\na{service=\"x\"} 1\na{p=\"1\",service=\"y\"} 2\n\n\
                        # TYPE b counter\nb{service=\"y\"} 3\n\n# TYPE c counter\nc{service=\"xx\"} 4\n\
                        c{p=\",service=\\\"x\\\"\",service=\"y\"} 5\nc{my_service=\"x\"} 6\n";
        assert_eq!(
            of_service(rendered, "x"),
            "# HELP a help\n# TYPE a counter\na{service=\"x\"} 1\n"
        );
        let expected = "# HELP a help\n# TYPE a counter\na{p=\"1\",service=\"y\"} 2\n# TYPE b counter\nb{service=\"y\"} 3\n\
                        # TYPE c counter\nc{p=\",service=\\\"x\\\"\",service=\"y\"} 5\n";
        assert_eq!(of_service(rendered, "y"), expected);
        assert_eq!(of_service(rendered, "z"), "");
    }
}
