//! A panic becomes one log line and one count.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::time::Duration;

use super::Telemetry;
use super::recorder::PANICS;

/// Replaces the panic hook of the process, whose output is several lines that no log reader understands.
pub(super) fn install(telemetry: Telemetry) {
    panic::set_hook(Box::new(move |panic| {
        log(panic);
        // After a panic of its first thread the process ends, and the line may be all that is left of it.
        if std::thread::current().name() == Some("main") {
            telemetry.flush(Duration::from_millis(100));
        }
    }));
}

/// The correlation id is on the line by itself: a hook runs inside the task that panics.
fn log(panic: &PanicHookInfo<'_>) {
    metrics::counter!(PANICS).increment(1);
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    // Empty unless RUST_BACKTRACE asks for it.
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        target: "msf::panic",
        location = panic.location().map(tracing::field::display),
        thread = std::thread::current().name(),
        backtrace,
        "panicked: {}",
        text.unwrap_or("no message"),
    );
}
