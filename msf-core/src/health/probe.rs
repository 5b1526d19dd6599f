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

/// The answer of a probe: `IntoResponse` makes it 200 or 503 with a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// 200, or 503 where [`verdict`](Self::verdict) is unavailable.
    pub status: StatusCode,
    /// The member `status` of the body.
    pub verdict: Status,
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
    /// The answer of several services of one process, each with its name: as good as the worst of them.
    ///
    /// ```
    /// use msf_core::health::{Answer, Audience, Health, Probe, State, Status};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (users, mail) = (Health::new(), Health::new());
    /// users.set_state(State::Ready);
    /// let ask = async |health| Probe::Ready.answer(health, Audience::Operators).await;
    /// let sum = Answer::sum([("users", ask(&users).await), ("mail", ask(&mail).await)]);
    /// assert_eq!(sum.verdict, Status::Unavailable);
    /// assert_eq!(sum.body["apps"]["users"]["status"], "OK");
    /// # });
    /// ```
    pub fn sum<'a>(answers: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let mut worst = Status::Ok;
        let mut apps = serde_json::Map::new();
        for (name, answer) in answers {
            worst = worst.max(answer.verdict);
            apps.insert(name.to_owned(), answer.body);
        }
        Self::new(worst, json!({ "status": worst, "apps": apps }))
    }

    fn new(verdict: Status, body: serde_json::Value) -> Self {
        let available = verdict.is_available();
        let status = if available {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        Self {
            status,
            verdict,
            body,
        }
    }

    fn brief(ok: bool, state: State) -> Self {
        let verdict = if ok { Status::Ok } else { Status::Unavailable };
        Self::new(verdict, json!({ "status": verdict, "state": state }))
    }

    fn full(report: Report) -> Self {
        Self::new(report.status, json!(report))
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
