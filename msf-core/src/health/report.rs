//! What [`Health::report`](super::Health::report) found out.

use std::time::Duration;

use serde::Serialize;

use super::State;

/// The state of a service and of everything it needs. Serializes as the body of `/healthz`.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let report = msf_core::health::Health::new().report().await;
/// let json = serde_json::to_string(&report).unwrap();
/// assert_eq!(json, r#"{"status":"UNAVAILABLE","state":"starting","checks":[]}"#);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The sum of it all.
    pub status: Status,
    /// How far the service has come.
    pub state: State,
    /// Each check, in the order they were added.
    pub checks: Vec<CheckReport>,
}

/// What one check found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// Its name.
    pub name: String,
    /// What it says by itself: `OK`, `DEGRADED` (failed and optional) or `UNAVAILABLE` (failed and required).
    pub status: Status,
    /// Why it failed. May name hosts: for operators, not for callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the service is not ready without it.
    pub required: bool,
    /// How long the run took that this is the result of, in milliseconds.
    pub duration_ms: u64,
}

/// How well something works. The order is from good to bad, so the worst of several is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// All is well.
    Ok,
    /// It works, without something that is optional.
    Degraded,
    /// It does not work.
    Unavailable,
}

impl Status {
    /// Whether requests may be sent: anything but [`Status::Unavailable`].
    pub fn is_available(self) -> bool {
        self < Self::Unavailable
    }
}

impl Report {
    pub(super) fn new(state: State, checks: Vec<CheckReport>) -> Self {
        let own = if state == State::Ready {
            Status::Ok
        } else {
            Status::Unavailable
        };
        let status = checks
            .iter()
            .map(|check| check.status)
            .fold(own, Status::max);
        Self {
            status,
            state,
            checks,
        }
    }

    /// The report without the messages of its checks: what a caller may see who is not an operator.
    #[must_use]
    pub fn without_messages(mut self) -> Self {
        for check in &mut self.checks {
            check.message = None;
        }
        self
    }
}

impl CheckReport {
    pub(super) fn new(name: &str, required: bool, took: Duration, failure: Option<&str>) -> Self {
        let status = match failure {
            None => Status::Ok,
            Some(_) if required => Status::Unavailable,
            Some(_) => Status::Degraded,
        };
        Self {
            name: name.to_owned(),
            status,
            message: failure.map(str::to_owned),
            required,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
