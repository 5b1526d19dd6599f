//! Turns an event into one line: JSON for machines, text for a terminal.

use std::fmt::{self, Write};
use std::sync::Arc;

use msf_core::clock::Clock;
use msf_core::context::Context;
use msf_core::observe::service_name;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer;

use super::escape::Escaped;
use super::timestamp::Timestamp;
use super::writer::LogWriter;

/// Keys that only we set. A field of an event with such a name is kept, as `field_NAME`.
const RESERVED: [&str; 8] = [
    "timestamp",
    "level",
    "target",
    "message",
    "service",
    "correlation_id",
    "trace_id",
    "span_id",
];

/// The field that a line begins with.
const MESSAGE: &str = "message";

/// How a line looks, and what is on every line.
#[derive(Clone)]
pub(super) struct Style {
    pub(super) kind: Kind,
    /// The name of the process: the service of all that happens outside of any service.
    pub(super) process: Arc<str>,
    pub(super) clock: Clock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    Text { color: bool },
}

/// Writes each event as a line.
pub(super) struct LogLayer {
    style: Style,
    writer: LogWriter,
}

/// Most lines are shorter, and then are allocated once.
const USUAL_LENGTH: usize = 512;

/// Writes the message of an event and nothing else of it: a line begins with it, whatever the order of the fields is.
struct Message<'a>(&'a mut String);

/// Writes the fields of an event but its message.
struct Others<'a> {
    kind: Kind,
    line: &'a mut String,
}

// === impl LogLayer ===

impl LogLayer {
    pub(super) fn new(style: Style, writer: LogWriter) -> Self {
        Self { style, writer }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let metadata = event.metadata();
        let line = self.style.line(
            *metadata.level(),
            metadata.target(),
            |message| event.record(message),
            |others| event.record(others),
        );
        self.writer.push(&line);
    }
}

// === impl Style ===

impl Style {
    /// The line that stands where `lost` lines are missing.
    pub(super) fn notice(&self, lost: u64) -> String {
        let message = "log lines were dropped: the reader of the log is too slow";
        self.line(
            Level::WARN,
            "msf::log",
            |line| line.0.push_str(message),
            |others| others.add("dropped", format_args!("{lost}"), true),
        )
    }

    fn line(
        &self,
        level: Level,
        target: &str,
        message: impl FnOnce(&mut Message<'_>),
        others: impl FnOnce(&mut Others<'_>),
    ) -> String {
        let now = Timestamp::from(self.clock.now());
        let service = service_name();
        let service = service.as_deref().unwrap_or(&self.process);
        let mut line = String::with_capacity(USUAL_LENGTH);
        // Writing to a String does not fail, and a value that was cut says so itself.
        let _ = match self.kind {
            Kind::Json => json(&mut line, now, level, target, service, message, others),
            Kind::Text { color } => {
                let service = Some(service).filter(|name| **name != *self.process);
                text(&mut line, now, level, service, color, message, others)
            }
        };
        line.push('\n');
        line
    }
}

fn json(
    line: &mut String,
    now: Timestamp,
    level: Level,
    target: &str,
    service: &str,
    message: impl FnOnce(&mut Message<'_>),
    others: impl FnOnce(&mut Others<'_>),
) -> fmt::Result {
    write!(
        line,
        r#"{{"timestamp":"{now}","level":"{level}","target":""#
    )?;
    let _ = Escaped::new(line).write_str(target);
    line.push_str(r#"","message":""#);
    message(&mut Message(line));
    line.push_str(r#"","service":""#);
    let _ = Escaped::new(line).write_str(service);
    line.push('"');
    Context::with_current(|context| {
        let (id, trace) = (context.correlation_id().as_str(), context.trace());
        let (trace_id, span_id) = (trace.trace_id(), trace.span_id());
        line.push_str(r#","correlation_id":""#);
        line.push_str(id);
        write!(line, r#"","trace_id":"{trace_id}","span_id":"{span_id}""#)
    })
    .unwrap_or(Ok(()))?;
    let kind = Kind::Json;
    others(&mut Others { kind, line });
    line.push('}');
    Ok(())
}

fn text(
    line: &mut String,
    now: Timestamp,
    level: Level,
    service: Option<&str>,
    color: bool,
    message: impl FnOnce(&mut Message<'_>),
    others: impl FnOnce(&mut Others<'_>),
) -> fmt::Result {
    let paint = |code: &'static str| if color { code } else { "" };
    let (dim, plain) = (paint("\x1b[2m"), paint("\x1b[0m"));
    let bright = paint(match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    });
    write!(
        line,
        "{dim}{}{plain} {bright}{level:<5}{plain} ",
        now.time_of_day()
    )?;
    if let Some(service) = service {
        write!(line, "{dim}")?;
        let _ = Escaped::new(line).write_str(service);
        write!(line, "{plain} ")?;
    }
    message(&mut Message(line));
    let kind = Kind::Text { color };
    others(&mut Others { kind, line });
    Context::with_current(|context| {
        // The end of a UUID of version 7 is random; its beginning is the time, and the same for many requests.
        let id = context.correlation_id().as_str();
        let short = id.get(id.len().saturating_sub(8)..).unwrap_or(id);
        write!(line, " {dim}#{short}{plain}")
    })
    .unwrap_or(Ok(()))
}

// === impl Message ===

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            let _ = write!(Escaped::new(self.0), "{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            let _ = Escaped::new(self.0).write_str(value);
        }
    }
}

// === impl Others ===

impl Others<'_> {
    /// Adds a field; `bare` values are numbers and booleans, which never stand in quotes.
    fn add(&mut self, name: &str, value: fmt::Arguments<'_>, bare: bool) {
        // What begins with `r#` is a keyword of Rust used as a name.
        let name = name.strip_prefix("r#").unwrap_or(name);
        let prefix = if RESERVED.contains(&name) {
            "field_"
        } else {
            ""
        };
        let line = &mut *self.line;
        // A value fails only where it is cut, and then it says so itself.
        match self.kind {
            Kind::Json => {
                let quote = if bare { "" } else { "\"" };
                for piece in [",\"", prefix, name, "\":", quote] {
                    line.push_str(piece);
                }
                let _ = match value.as_str() {
                    Some(text) => Escaped::new(line).write_str(text),
                    None => Escaped::new(line).write_fmt(value),
                };
                line.push_str(quote);
            }
            Kind::Text { color } => {
                let (dim, plain) = if color {
                    ("\x1b[2m", "\x1b[0m")
                } else {
                    ("", "")
                };
                let _ = write!(line, " {dim}{prefix}{name}={plain}");
                let start = line.len();
                let _ = Escaped::new(line).write_fmt(value);
                let written = &line[start..];
                if !bare && (written.is_empty() || written.contains([' ', '=', '\\'])) {
                    line.insert(start, '"');
                    line.push('"');
                }
            }
        }
    }
}

impl Visit for Others<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != MESSAGE {
            self.add(field.name(), format_args!("{value:?}"), false);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != MESSAGE {
            self.add(field.name(), format_args!("{value}"), false);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut chain = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            let _ = write!(chain, ": {cause}");
            source = cause.source();
        }
        self.record_str(field, &chain);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no number for what is not finite.
        self.add(field.name(), format_args!("{value:?}"), value.is_finite());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), format_args!("{value}"), true);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), format_args!("{value}"), true);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), format_args!("{value}"), true);
    }
}
