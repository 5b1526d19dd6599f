//! What is measured of a call: its span, its duration and its outcome.

use std::error::Error;
use std::sync::Arc;

use tokio::time::Instant;
use tonic::{Code, GrpcMethod, Status};
use tracing::Span;

use super::meter::Meter;

/// Measures one call; written once, when the answer is over, or as cancelled when dropped before.
pub(super) struct Record {
    service: Option<Arc<str>>,
    meter: Arc<Meter>,
    method: GrpcMethod<'static>,
    start: Instant,
    span: Span,
    written: bool,
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
            peer = meter.peer(),
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
                peer = self.meter.peer(),
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
