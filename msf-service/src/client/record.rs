//! What is measured of a call: its span, its duration and its outcome.

use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Histogram, Label};
use tokio::time::Instant;
use tonic::{Code, GrpcMethod, Status};
use tracing::Span;

/// Measures one call; written once, when the answer is over, or as cancelled when dropped before.
pub(super) struct Record {
    service: Option<Arc<str>>,
    meter: Arc<Meter>,
    method: GrpcMethod<'static>,
    start: Instant,
    span: Span,
    written: bool,
}

/// The histograms of the calls of one channel: each is looked up once.
pub(super) struct Meter {
    peer: Arc<str>,
    // As many as methods times codes, so that a search is as fast as a table.
    known: RwLock<Vec<(Series, Histogram)>>,
}

struct Series {
    service: Option<Arc<str>>,
    method: GrpcMethod<'static>,
    code: Code,
}

/// The name of what has none, or none that may become a label.
const UNKNOWN: &str = "unknown";

impl Record {
    /// Starts the clock. Generated code names its method; no other text becomes a label.
    pub(super) fn start(
        service: Option<Arc<str>>,
        meter: &Arc<Meter>,
        method: Option<&GrpcMethod<'static>>,
    ) -> Self {
        let method = method
            .cloned()
            .unwrap_or_else(|| GrpcMethod::new(UNKNOWN, UNKNOWN));
        let span = tracing::info_span!(
            target: "msf::client",
            "call",
            otel.kind = "client",
            peer = &*meter.peer,
            rpc.service = method.service(),
            rpc.method = method.method(),
            rpc.grpc.status_code = tracing::field::Empty,
        );
        Self {
            service,
            meter: Arc::clone(meter),
            method,
            start: Instant::now(),
            span,
            written: false,
        }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Writes the measurement; later calls do nothing.
    pub(super) fn finish(&mut self, code: Code) {
        if std::mem::replace(&mut self.written, true) {
            return;
        }
        self.span.record("rpc.grpc.status_code", code as i32);
        let seconds = self.start.elapsed().as_secs_f64();
        self.meter
            .record(self.service.as_ref(), &self.method, code, seconds);
    }

    /// As [`finish`](Self::finish), for a failure on the way and not the callee's answer: its cause goes to the log.
    pub(super) fn failed(&mut self, status: &Status) {
        self.span.in_scope(|| {
            tracing::warn!(
                target: "msf::client",
                peer = &*self.meter.peer,
                rpc = format_args!("{}/{}", self.method.service(), self.method.method()),
                code = ?status.code(),
                cause = causes(status),
                "{}",
                status.message(),
            );
        });
        self.finish(status.code());
    }
}

impl Meter {
    pub(super) fn new(peer: Arc<str>) -> Self {
        Self {
            peer,
            known: RwLock::default(),
        }
    }

    fn record(
        &self,
        service: Option<&Arc<str>>,
        method: &GrpcMethod<'static>,
        code: Code,
        seconds: f64,
    ) {
        let is_it = |series: &Series| {
            series.code == code
                && series.service.as_ref() == service
                && series.method.method() == method.method()
                && series.method.service() == method.service()
        };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, histogram)) = known.iter().find(|(series, _)| is_it(series)) {
            histogram.record(seconds);
            return;
        }
        drop(known);
        let series = Series {
            service: service.cloned(),
            method: method.clone(),
            code,
        };
        let histogram = series.histogram(&self.peer);
        histogram.record(seconds);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.push((series, histogram));
    }
}

impl Series {
    fn histogram(&self, peer: &Arc<str>) -> Histogram {
        let mut labels = vec![
            Label::new("peer", Arc::clone(peer)),
            Label::new("rpc_service", self.method.service().to_owned()),
            Label::new("rpc_method", self.method.method().to_owned()),
            Label::new("rpc_grpc_status_code", (self.code as i32).to_string()),
        ];
        // Where no service is at work, the recorder puts the name of the process.
        if let Some(service) = &self.service {
            labels.push(Label::new("service", Arc::clone(service)));
        }
        metrics::histogram!("rpc_client_duration_seconds", labels)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.finish(Code::Cancelled);
    }
}

/// The causes of a status in one line; `None` where it has none.
fn causes(status: &Status) -> Option<String> {
    let mut line: Option<String> = None;
    let mut source = status.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        line = Some(match line {
            // Wrappers often repeat what they wrap.
            Some(line) if line.ends_with(&text) => line,
            Some(line) => format!("{line}: {text}"),
            None => text,
        });
        source = cause.source();
    }
    line
}
