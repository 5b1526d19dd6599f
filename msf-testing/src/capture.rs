//! Logs and metrics of the thread of a test.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::{Rc, Weak};
use std::time::Duration;

use msf_service::telemetry::{LogFormat, Options, Telemetry, ThreadGuard};
use msf_service::tracing::Dispatch;
use msf_service::tracing::subscriber::NoSubscriber;
use serde_json::Value;
use tokio::sync::watch;

thread_local! {
    /// The apps that one test starts share one capture: each would end that of the other.
    static CURRENT: RefCell<Weak<Capture>> = const { RefCell::new(Weak::new()) };
}

/// Captures what this thread logs and measures until it is dropped.
#[derive(Debug)]
pub(crate) struct Capture {
    telemetry: &'static Telemetry,
    lines: Lines,
    _guard: ThreadGuard<'static>,
    // While a process has one dispatcher, tracing asks that of the thread which comes first whether anybody wants a line: a
    // test without a capture, beside this one, would silence the line for both.
    _second: Dispatch,
}

/// What was written so far; whoever waits for more is told by the writer.
#[derive(Clone, Debug, Default)]
struct Lines(watch::Sender<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send_modify(|all| all.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Capture {
    /// The capture of this thread; begins it where there is none.
    pub(crate) fn current() -> msf_service::Result<Rc<Self>> {
        if let Some(capture) = CURRENT.with_borrow(Weak::upgrade) {
            return Ok(capture);
        }
        let lines = Lines::default();
        let level = "debug".parse().unwrap_or_default();
        let options = Options::new("test")
            .format(LogFormat::Json)
            .level(level)
            .writer(lines.clone());
        // Leaked, because the guard borrows it and both live for the rest of the test.
        let telemetry: &'static Telemetry = Box::leak(Box::new(Telemetry::scoped(options)?));
        let capture = Rc::new(Self {
            telemetry,
            lines,
            _guard: telemetry.set_default(),
            _second: Dispatch::new(NoSubscriber::new()),
        });
        CURRENT.set(Rc::downgrade(&capture));
        Ok(capture)
    }

    /// Every line of the service, parsed.
    ///
    /// # Panics
    ///
    /// When a line is no JSON object: that is a failed test.
    pub(crate) fn lines(&self, service: &str) -> Vec<Value> {
        self.telemetry.flush(Duration::from_secs(5));
        let bytes = self.lines.0.borrow().clone();
        let text = String::from_utf8_lossy(&bytes);
        let parse = |line| match serde_json::from_str::<Value>(line) {
            Ok(value) => value,
            Err(error) => panic!("a log line is no JSON: {error}: {line}"),
        };
        text.lines()
            .map(parse)
            .filter(|line| line["service"] == service)
            .collect()
    }

    /// Told of everything that is written after this call.
    pub(crate) fn written(&self) -> watch::Receiver<Vec<u8>> {
        self.lines.0.subscribe()
    }

    pub(crate) fn metrics(&self, service: &str) -> String {
        self.telemetry.render_metrics_of(service)
    }
}
