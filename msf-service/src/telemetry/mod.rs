//! Logs and metrics of a process: how they look, where they go, and how they change while it runs.
//!
//! A [`Telemetry`] is made once, by `run` or `Host`, with [`Telemetry::install_global`]; a test makes its own with
//! [`Telemetry::scoped`], which installs nothing, and sets it for its thread. Code emits through `tracing` and
//! `metrics` and never needs this module.
//!
//! - **Logs** go to standard output, in JSON and on a terminal: it is where container runtimes look for them, and
//!   `service | jq` works. Standard error is for the person who started the process: the ready block, mistakes in the
//!   configuration. One event is one flat line; ids come from the [`Context`](msf_core::context::Context) of the task,
//!   so no span is needed, and a span costs nothing until an exporter wants it.
//! - **Lines never wait.** They go through a bounded buffer to a thread of their own, because a reader that stops
//!   reading would otherwise stop the service: a full pipe blocks whoever writes. What does not fit is dropped, counted in
//!   `msf_log_lines_dropped_total`, and a line says how many are missing.
//! - **Metrics** are rendered in the format of Prometheus; each has the label `service`.
//!
//! What people wrongly assume:
//!
//! - *"`RUST_LOG` sets the level."* The setting `log.level` does, in one place with all others; and the admin port while
//!   the process runs.
//! - *"A summary is as good as a histogram."* Quantiles of several instances cannot be added up; buckets can.
//!
//! ```
//! use msf_service::telemetry::{Options, Telemetry};
//!
//! let telemetry = Telemetry::scoped(Options::new("hello").writer(std::io::sink())).unwrap();
//! let guard = telemetry.set_default();
//! metrics::counter!("greetings_total").increment(1);
//! tracing::info!(name = "ana", "greeted");
//! drop(guard);
//! assert!(telemetry.render_metrics().contains("greetings_total{service=\"hello\"} 1"));
//! ```

mod escape;
mod level;
mod line;
mod options;
mod panic;
mod recorder;
mod timestamp;
mod writer;

#[cfg(feature = "bus")]
pub(crate) use escape::printable;
#[cfg(feature = "bus")]
pub(crate) use timestamp::Timestamp;

pub use level::{LogLevel, LogLevelError};
pub use options::{LogFormat, LogFormatError, Options};

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use msf_core::BoxError;
use tracing::Dispatch;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{Registry, reload};

use line::{LogLayer, Style};
use recorder::{LINES_DROPPED, PANICS, ServiceRecorder};
use writer::LogWriter;

/// How often the samples of histograms are put into their buckets. Until then each takes its own few bytes.
const UPKEEP: Duration = Duration::from_secs(5);

/// The logs and metrics of a process. Clones are the same.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    subscriber: Dispatch,
    level: reload::Handle<LogLevel, Registry>,
    writer: LogWriter,
    recorder: Arc<ServiceRecorder>,
    metrics: PrometheusHandle,
}

/// Makes a [`Telemetry`] the one of this thread until it is dropped.
#[must_use = "dropping it ends what it does"]
pub struct ThreadGuard<'a> {
    _subscriber: tracing::dispatcher::DefaultGuard,
    _recorder: metrics::LocalRecorderGuard<'a>,
}

/// Telemetry that could not be set up. Its text says what failed, its source why.
#[derive(Debug)]
pub struct TelemetryError {
    what: &'static str,
    source: BoxError,
}

// === impl Telemetry ===

impl Telemetry {
    /// Sets up the telemetry of this process: subscriber, metrics recorder and panic hook. `run` and `Host` call it.
    ///
    /// # Errors
    ///
    /// A subscriber or a recorder is installed already, as after a first call; or the system has no thread to give.
    pub fn install_global(options: Options) -> Result<Self, TelemetryError> {
        let telemetry = Self::scoped(options)?;
        tracing::dispatcher::set_global_default(telemetry.0.subscriber.clone()).map_err(
            TelemetryError::of("another tracing subscriber is installed"),
        )?;
        metrics::set_global_recorder(Arc::clone(&telemetry.0.recorder)).map_err(|error| {
            TelemetryError::of("another metrics recorder is installed")(error.to_string())
        })?;
        panic::install(telemetry.clone());
        Ok(telemetry)
    }

    /// Sets up telemetry that nothing uses until [`set_default`](Self::set_default): for tests.
    ///
    /// # Errors
    ///
    /// The system has no thread to give.
    pub fn scoped(options: Options) -> Result<Self, TelemetryError> {
        let style = Style {
            kind: options.kind(),
            process: Arc::clone(&options.process),
            clock: options.clock,
        };
        let recorder = ServiceRecorder::new(&style.process)
            .map_err(TelemetryError::of("the buckets of histograms are wrong"))?;
        let dropped = recorder.process_counter(LINES_DROPPED);
        recorder.process_counter(PANICS).increment(0);
        let sink: Box<dyn Write + Send> = options.writer.unwrap_or_else(|| Box::new(io::stdout()));
        let notice = style.clone();
        let notice = Box::new(move |lost| notice.notice(lost));
        let writer = LogWriter::start(sink, options.buffer, dropped, notice).map_err(
            TelemetryError::of("the thread that writes the log did not start"),
        )?;
        let (filter, level) = reload::Layer::new(options.level);
        let layer = LogLayer::new(style, writer.clone()).with_filter(filter);
        Ok(Self(Arc::new(Inner {
            subscriber: Dispatch::new(tracing_subscriber::registry().with(layer)),
            level,
            writer,
            metrics: recorder.handle(),
            recorder: Arc::new(recorder),
        })))
    }

    /// Makes this the telemetry of the current thread, in place of the global one, until the guard is dropped.
    ///
    /// Tasks are seen where they run on this thread: on a current-thread runtime, all of them.
    pub fn set_default(&self) -> ThreadGuard<'_> {
        ThreadGuard {
            _subscriber: tracing::dispatcher::set_default(&self.0.subscriber),
            _recorder: metrics::set_default_local_recorder(&self.0.recorder),
        }
    }

    /// Which events become lines at present.
    pub fn log_level(&self) -> LogLevel {
        // Fails only when the subscriber is gone, and then nothing is logged.
        self.0
            .level
            .with_current(LogLevel::clone)
            .unwrap_or_default()
    }

    /// Changes which events become lines, from the next event on.
    pub fn set_log_level(&self, level: LogLevel) {
        let _ = self.0.level.reload(level);
    }

    /// All metrics, in the text format of Prometheus.
    pub fn render_metrics(&self) -> String {
        self.0.metrics.render()
    }

    /// The metrics whose label `service` is `service`.
    pub fn render_metrics_of(&self, service: &str) -> String {
        recorder::of_service(&self.render_metrics(), service)
    }

    /// Keeps the memory of metrics bounded; never ends. Somebody must run it beside the service.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time.
    pub async fn upkeep(&self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.0.metrics.run_upkeep();
        }
    }

    /// Waits until all log lines are written, at most `bound`, and says whether they are.
    ///
    /// Blocks the thread: the last act of a process, or of a test before it reads what was written.
    pub fn flush(&self, bound: Duration) -> bool {
        self.0.writer.flush(bound)
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("log_level", &self.log_level())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ThreadGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadGuard").finish_non_exhaustive()
    }
}

// === impl TelemetryError ===

impl TelemetryError {
    fn of<E: Into<BoxError>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self {
            what,
            source: source.into(),
        }
    }
}

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "telemetry is not set up: {}", self.what)
    }
}

impl std::error::Error for TelemetryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
