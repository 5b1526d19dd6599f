//! Which events become log lines: directives, changed while the process runs.

use std::fmt;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

/// The words that name a level, from none to all.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Crates of the transport: their events tell of frames and polls, and drown a service's own at `debug`. They stay at
/// `warn` until they are named. A target covers all whose names begin with it.
const QUIET: [&str; 6] = ["h2", "hyper", "rustls", "tokio_util", "tonic", "tower"];

/// A level for all targets and others for some: `info,user_service=debug,hyper=trace`.
///
/// The syntax is the part of `EnvFilter`'s that is about targets; spans cannot be selected by, because no log line
/// depends on one. A target is the path of a module or its beginning. h2, hyper, rustls, tokio_util, tonic and tower
/// stay at `warn` unless they are named. Default: `info`.
///
/// ```
/// use msf_service::telemetry::LogLevel;
/// let level: LogLevel = "info,hyper=debug".parse().unwrap();
/// assert_eq!(level.to_string(), "info,hyper=debug");
/// let wrong = "verbose".parse::<LogLevel>().unwrap_err();
/// assert!(wrong.to_string().contains("`verbose`"));
/// ```
#[derive(Clone, Debug)]
pub struct LogLevel {
    text: String,
    targets: Targets,
}

/// A directive that is not one. Its text says which, and what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevelError {
    directive: String,
}

impl FromStr for LogLevel {
    type Err = LogLevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut default = None;
        let mut named = Vec::new();
        for directive in text.split(',').map(str::trim) {
            let wrong = || LogLevelError {
                directive: shorten(directive),
            };
            match directive.split_once('=') {
                None => default = Some(level(directive).ok_or_else(wrong)?),
                Some((target, name)) if is_target(target) => {
                    named.push((target.to_owned(), level(name).ok_or_else(wrong)?));
                }
                Some(_) => return Err(wrong()),
            }
        }
        let default = default.unwrap_or(LevelFilter::INFO);
        let targets = Targets::new()
            .with_default(default)
            .with_targets(QUIET.map(|target| (target, default.min(LevelFilter::WARN))))
            .with_targets(named);
        let text = text.split(',').map(str::trim).collect::<Vec<_>>().join(",");
        Ok(Self { text, targets })
    }
}

impl Default for LogLevel {
    fn default() -> Self {
        let targets = Targets::new().with_default(LevelFilter::INFO);
        Self {
            text: "info".to_owned(),
            targets: targets.with_targets(QUIET.map(|target| (target, LevelFilter::WARN))),
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for LogLevel {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for LogLevel {}

impl fmt::Display for LogLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a level: expected one of {}, or target=level, separated by commas (info,hyper=debug)",
            self.directive,
            LEVELS.join(", ")
        )
    }
}

impl std::error::Error for LogLevelError {}

/// Lets events pass by their target and level, and no span: a span that no layer wants costs nothing.
impl<S: Subscriber> Filter<S> for LogLevel {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        metadata.is_event() && Filter::<S>::enabled(&self.targets, metadata, context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() {
            Filter::<S>::callsite_enabled(&self.targets, metadata)
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&self.targets)
    }
}

fn level(name: &str) -> Option<LevelFilter> {
    let known = LEVELS
        .iter()
        .find(|level| level.eq_ignore_ascii_case(name))?;
    known.parse().ok()
}

fn is_target(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'.');
    !name.is_empty() && name.bytes().all(allowed)
}

/// What a person needs to find the mistake; the text may come from a request.
fn shorten(directive: &str) -> String {
    directive
        .chars()
        .filter(|c| !c.is_control())
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    fn would(text: &str, target: &str, level: Level) -> bool {
        text.parse::<LogLevel>()
            .unwrap()
            .targets
            .would_enable(target, &level)
    }

    #[test]
    fn the_transport_is_quiet_until_named() {
        assert!(would("debug", "user_service::app", Level::DEBUG));
        assert!(!would("debug", "hyper_util::client", Level::INFO));
        assert!(would("debug", "hyper_util::client", Level::WARN));
        assert!(would("info,hyper=debug", "hyper::proto", Level::DEBUG));
        assert!(!would("off", "h2::codec", Level::ERROR));
        assert!(!LogLevel::default().targets.would_enable("h2", &Level::INFO));
    }

    #[test]
    fn named_targets_alone_keep_info_for_the_rest() {
        assert!(would("msf=trace", "shop", Level::INFO));
        assert!(!would("msf=trace", "shop", Level::DEBUG));
    }

    #[test]
    fn mistakes_are_named() {
        for text in [
            "verbose",
            "",
            "info,",
            "hyper=loud",
            "=info",
            "a b=info",
            "info;debug",
            "[span]=info",
            "5",
        ] {
            let error = text.parse::<LogLevel>().unwrap_err().to_string();
            assert!(
                error.contains("off, error, warn, info, debug, trace"),
                "{text}: {error}"
            );
        }
        let error = "info,hyper=loud"
            .parse::<LogLevel>()
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("`hyper=loud` is not a level"), "{error}");
    }

    #[test]
    fn case_and_blanks_do_not_matter() {
        assert_eq!(
            "INFO , hyper=Warn".parse::<LogLevel>().unwrap().to_string(),
            "INFO,hyper=Warn"
        );
    }
}
