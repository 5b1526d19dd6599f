//! The answers of the four probes, the same on the main port and on the admin port.

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::{Health, Report, State, Status};

/// A probe that an orchestrator, a balancer or a person asks by HTTP.
///
/// ```
/// use msf_core::health::{Audience, Health, Probe, State};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let health = Health::new();
/// assert_eq!(Probe::from_path("/readyz"), Some(Probe::Ready));
/// assert_eq!(Probe::Ready.answer(&health, Audience::Callers).await.status, 503);
/// health.set_state(State::Ready);
/// assert_eq!(Probe::Ready.answer(&health, Audience::Callers).await.status, 200);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// `/livez`: restart the process? 200 until it has stopped; looks at no check.
    Live,
    /// `/startupz`: is the start behind it? 503 while starting; looks at no check.
    Started,
    /// `/readyz`: send requests? 200 only when ready with every required check passing.
    Ready,
    /// `/healthz`: what works and what does not? The [`Report`], 200 unless it is unavailable.
    Health,
}

/// Who reads the answer, which decides how much it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Whoever reaches the main port: no messages of checks, which may name hosts and users of backends.
    Callers,
    /// Those who reach the admin port: everything.
    Operators,
}

/// The answer of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200 or 503.
    pub status: StatusCode,
    /// An object with `status` and `state`; for [`Probe::Health`] the [`Report`].
    pub body: serde_json::Value,
}

impl Probe {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Live, Self::Started, Self::Ready, Self::Health];

    /// Where it is asked for.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Live => "/livez",
            Self::Started => "/startupz",
            Self::Ready => "/readyz",
            Self::Health => "/healthz",
        }
    }

    /// The probe at `path`, which must be exactly its path.
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|probe| probe.path() == path)
    }

    /// Asks it. Takes as long as [`Health::is_ready`] and [`Health::report`] do.
    pub async fn answer(self, health: &Health, audience: Audience) -> Answer {
        match self {
            Self::Live => Answer::brief(health.is_live(), health.state()),
            Self::Started => Answer::brief(health.is_started(), health.state()),
            Self::Ready => Answer::brief(health.is_ready().await, health.state()),
            Self::Health => {
                let report = health.report().await;
                Answer::full(match audience {
                    Audience::Callers => report.without_messages(),
                    Audience::Operators => report,
                })
            }
        }
    }
}

impl Answer {
    fn brief(ok: bool, state: State) -> Self {
        let status = if ok { Status::Ok } else { Status::Unavailable };
        Self {
            status: code(ok),
            body: json!({ "status": status, "state": state }),
        }
    }

    fn full(report: Report) -> Self {
        Self {
            status: code(report.status.is_available()),
            body: json!(report),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{}\n", self.body)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn code(ok: bool) -> StatusCode {
    if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
