//! The admin port: what an operator, a probe and a scraper ask a process.
//!
//! | path | what it answers |
//! | --- | --- |
//! | `/` | a page with links to all others |
//! | `/livez /readyz /startupz /healthz` | the [`Probe`](msf_core::health::Probe)s, with the messages of failed checks |
//! | `/metrics` | the format of Prometheus |
//! | `/config`, `/access` | a [`Document`]: text, or JSON by `Accept` or `?format=json` |
//! | `/log-level` | GET the directives, PUT others; of the whole process |
//! | `/dead`, `/dead/ID` | dead letters: HTML for browsers, JSON by `Accept` or `?format=json`, else text |
//! | POST `/dead` | decides about them: `{"action": "redrive", "ids": [ID, ..]}`, see below |
//!
//! and the pages of the components. With several apps each has all of it but the log level under `/APP_NAME/`, about
//! itself alone, and the root has the sum: ready when all are.
//!
//! The order to `/dead` is JSON: `action` is `redrive` or `purge`, then either `ids` or `"all": true`, and `"dry_run": true`
//! to do nothing. The answer is `{action, dry_run, count, dead_letters: [..]}`, each with `{id, type, subscription, reason,
//! attempts, since, redriven, error}`, which are the lines of GET `/dead` too; `/dead/ID` adds `history: [{at, error}]` and
//! `event`, the CloudEvent. An unknown id is answered with 404, and then nothing is done.
//!
//! What people wrongly assume:
//!
//! - *"Nobody but me reaches a port on loopback."* Every page that a browser on the same machine shows can send requests
//!   to it. What changes something refuses requests that come from another site.
//! - *"It is only for machines that are well-behaved."* It answers through the whole drain, when everything is slow:
//!   bodies are small and bounded in time, and a storm of probes runs a check once.
//!
//! ```
//! use msf_core::health::Health;
//! use msf_service::admin::{self, AdminApp};
//! use msf_service::telemetry::{Options, Telemetry};
//!
//! let telemetry = Telemetry::scoped(Options::new("hello").writer(std::io::sink())).unwrap();
//! let router = admin::router("hello", [AdminApp::new("hello", Health::new())], telemetry).unwrap();
//! # let _: axum::Router = router;
//! ```

mod body;
#[cfg(feature = "bus")]
mod dead;
mod document;
mod guard;
mod index;
mod log_level;
mod part;

pub use document::Document;

use std::fmt;
#[cfg(feature = "bus")]
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::response::Redirect;
use axum::routing::any;
#[cfg(feature = "bus")]
use msf_bus::dead_letter::DeadLetters;
use msf_core::component::AdminPage;
use msf_core::health::Health;

#[cfg(feature = "bus")]
use crate::dead::Letters;
use crate::telemetry::Telemetry;
use part::Part;

/// Paths that components cannot take, because every app has them.
const TAKEN: [&str; 9] = [
    "livez",
    "readyz",
    "startupz",
    "healthz",
    "metrics",
    "config",
    "access",
    "log-level",
    "dead",
];

/// What the admin port tells about one app. Starts with its probes alone.
#[derive(Clone, Debug)]
#[must_use]
pub struct AdminApp {
    name: String,
    health: Health,
    settings: Document,
    access: Document,
    pages: Vec<AdminPage>,
    #[cfg(feature = "bus")]
    letters: Letters,
}

/// Two things that want the same path of the admin port, or one that wants a path that is none. Its text names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminError(String);

// === impl AdminApp ===

impl AdminApp {
    /// The app `name`, whose probes tell of `health`.
    pub fn new(name: impl Into<String>, health: Health) -> Self {
        Self {
            name: name.into(),
            health,
            settings: Document::default(),
            access: Document::default(),
            pages: Vec::new(),
            #[cfg(feature = "bus")]
            letters: Letters::default(),
        }
    }

    /// What `/config` shows: the effective settings, in which secrets are masked already.
    pub fn settings(mut self, settings: Document) -> Self {
        self.settings = settings;
        self
    }

    /// What `/access` shows: every RPC and route with its rule. The JSON is a list.
    pub fn access(mut self, access: Document) -> Self {
        self.access = access;
        self
    }

    /// What `/dead` shows and decides about: the dead letters of the app, by its name. Without it there are none.
    #[cfg(feature = "bus")]
    pub fn dead_letters(mut self, letters: Arc<dyn DeadLetters>) -> Self {
        self.letters = Letters::default().and(&*self.name, letters);
        self
    }

    /// Adds the pages of a component.
    pub fn pages(mut self, pages: impl IntoIterator<Item = AdminPage>) -> Self {
        self.pages.extend(pages);
        self
    }
}

/// The router of the admin port of the process `name`, which runs `apps`.
///
/// # Errors
///
/// The name of an app or the path of a page is not one segment of letters, digits, `-`, `_` and `.`, or two are equal.
pub fn router(
    name: &str,
    apps: impl IntoIterator<Item = AdminApp>,
    telemetry: Telemetry,
) -> Result<Router, AdminError> {
    let apps: Vec<_> = apps.into_iter().collect();
    let root = Part::root(name, &apps, &telemetry);
    let mut router = root.router()?.merge(log_level::router(telemetry.clone()));
    if apps.len() > 1 {
        let mut taken = TAKEN.map(str::to_owned).to_vec();
        for app in apps {
            claim(&mut taken, &app.name, "the app")?;
            let (bare, prefix) = (format!("/{}", app.name), format!("/{}/", app.name));
            let redirect = Redirect::permanent(&prefix);
            router = router
                .route(&bare, any(async move || redirect))
                .nest(&prefix, Part::app(app, &telemetry).router()?);
        }
    }
    Ok(router.layer(from_fn(guard::guard)))
}

/// Takes `segment` of the path for `owner`, unless it is taken.
fn claim(taken: &mut Vec<String>, segment: &str, owner: &str) -> Result<(), AdminError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fits = !segment.trim_matches('.').is_empty() && segment.bytes().all(allowed);
    if !fits {
        let rule = "one segment of letters, digits, `-`, `_` and `.`";
        return Err(AdminError(format!(
            "{owner} `{segment}` cannot be a path of the admin port: expected {rule}"
        )));
    }
    if taken.iter().any(|other| other == segment) {
        return Err(AdminError(format!(
            "{owner} `{segment}` wants a path of the admin port that is taken"
        )));
    }
    taken.push(segment.to_owned());
    Ok(())
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AdminError {}
