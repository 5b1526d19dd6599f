//! What telemetry should look like and where it goes.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::str::FromStr;
use std::sync::Arc;

use msf_core::clock::Clock;

use super::LogLevel;
use super::line::Kind;

/// How log lines look: the setting `log.format`.
///
/// ```
/// use msf_service::telemetry::LogFormat;
/// assert_eq!("json".parse(), Ok(LogFormat::Json));
/// assert_eq!("xml".parse::<LogFormat>().unwrap_err().to_string(), "expected auto, text or json");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// Text where standard output is a terminal, else JSON.
    #[default]
    Auto,
    /// One readable line per event.
    Text,
    /// One flat JSON object per line.
    Json,
}

/// A word that is no format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFormatError(());

/// How to make a [`Telemetry`](super::Telemetry). Defaults: `auto` format, level `info`, lines to standard output.
///
/// ```
/// use msf_service::telemetry::{LogFormat, Options};
/// let options = Options::new("hello").format(LogFormat::Json).level("debug".parse().unwrap());
/// # let _ = options;
/// ```
#[must_use]
pub struct Options {
    pub(super) process: Arc<str>,
    pub(super) format: LogFormat,
    pub(super) level: LogLevel,
    pub(super) writer: Option<Box<dyn Write + Send>>,
    pub(super) buffer: usize,
    pub(super) clock: Clock,
}

impl Options {
    /// Options for the process `name`: the service of all that happens outside of any service.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            process: name.into(),
            format: LogFormat::Auto,
            level: LogLevel::default(),
            writer: None,
            buffer: 1024 * 1024,
            clock: Clock::system(),
        }
    }

    /// Sets how lines look.
    pub fn format(mut self, format: LogFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets which events become lines.
    pub fn level(mut self, level: LogLevel) -> Self {
        self.level = level;
        self
    }

    /// Sends the lines to `writer` in place of standard output. It may block: only its own thread waits for it.
    pub fn writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.writer = Some(Box::new(writer));
        self
    }

    /// How many bytes of lines may wait for a slow reader before lines are dropped. Default: 1 MiB.
    pub fn buffer(mut self, bytes: usize) -> Self {
        self.buffer = bytes;
        self
    }

    /// The clock that lines tell. Default: the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub(super) fn kind(&self) -> Kind {
        let terminal = self.writer.is_none() && io::stdout().is_terminal();
        match self.format {
            LogFormat::Auto if !terminal => Kind::Json,
            LogFormat::Json => Kind::Json,
            LogFormat::Auto | LogFormat::Text => Kind::Text {
                color: wants_color(terminal, |name| std::env::var(name).ok()),
            },
        }
    }
}

/// Whether a stream gets colour, by what the environment says: `NO_COLOR`, then `CLICOLOR_FORCE`, then `TERM`.
fn wants_color(terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && variable("CLICOLOR_FORCE").as_deref() != Some("0") {
        return true;
    }
    terminal && variable("TERM").as_deref() != Some("dumb")
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("process", &self.process)
            .field("format", &self.format)
            .field("level", &self.level)
            .field("buffer", &self.buffer)
            .finish_non_exhaustive()
    }
}

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogFormatError(())),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

impl fmt::Display for LogFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected auto, text or json")
    }
}

impl std::error::Error for LogFormatError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_conventions() {
        type Case<'a> = (bool, &'a [(&'a str, &'a str)], bool);
        let cases: [Case<'_>; 8] = [
            (true, &[], true),
            (false, &[], false),
            (true, &[("NO_COLOR", "1")], false),
            (true, &[("NO_COLOR", "")], true),
            (true, &[("TERM", "dumb")], false),
            (false, &[("CLICOLOR_FORCE", "1")], true),
            (false, &[("CLICOLOR_FORCE", "0")], false),
            (false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        ];
        for (terminal, variables, expected) in cases {
            let lookup = |name: &str| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(
                wants_color(terminal, lookup),
                expected,
                "{terminal} {variables:?}"
            );
        }
    }
}
