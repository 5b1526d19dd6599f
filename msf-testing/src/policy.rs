//! Walks the access table: who is refused, and who is not, for every RPC and route.

use std::fmt;

use bytes::Bytes;
use http_body_util::{BodyExt, Collected};
use msf_core::access::{Condition, Principal};
use msf_core::error::Kind;
use msf_service::tonic::Status;
use msf_service::tonic_types::StatusExt;
use msf_service::{AccessRow, RowKind};
use serde_json::Value;

use crate::call::Call;
use crate::started::Started;

/// What a walk over the whole access table came to. `Display` is a table, a line each.
///
/// A mounted router is asked at its prefix and one path below; where it knows neither, there is nothing to compare.
#[derive(Clone, Debug)]
pub struct PolicyWalk {
    cases: Vec<PolicyCase>,
}

/// One call of the walk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyCase {
    /// What was called.
    pub row: AccessRow,
    /// As whom.
    pub caller: String,
    /// Whether the rule lets that caller in.
    pub expected: bool,
    /// Whether the app did.
    pub admitted: bool,
}

impl PolicyWalk {
    pub(crate) async fn over(app: &Started) -> Self {
        let mut cases = Vec::new();
        for row in app.access() {
            for (caller, principal) in callers(row) {
                let Some(expected) = expected(row, principal.as_ref()) else {
                    continue;
                };
                let Some(admitted) = admitted(app, row, principal.as_ref()).await else {
                    continue;
                };
                cases.push(PolicyCase {
                    row: row.clone(),
                    caller,
                    expected,
                    admitted,
                });
            }
        }
        Self { cases }
    }

    /// Every call that was made.
    pub fn cases(&self) -> &[PolicyCase] {
        &self.cases
    }

    /// Calls whose answer was not what the rule says.
    pub fn violations(&self) -> impl Iterator<Item = &PolicyCase> {
        self.cases
            .iter()
            .filter(|case| case.expected != case.admitted)
    }
}

impl fmt::Display for PolicyWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            let verdict = if case.expected == case.admitted {
                "ok"
            } else {
                "VIOLATION"
            };
            let word = if case.admitted { "admitted" } else { "refused" };
            writeln!(
                f,
                "{verdict:9} {word:8} {:24} {} {}",
                case.caller, case.row.method, case.row.path
            )?;
        }
        Ok(())
    }
}

/// Nobody, a stranger, a service that nobody knows, and one principal for each alternative that names roles or a service.
fn callers(row: &AccessRow) -> Vec<(String, Option<Principal>)> {
    let mut callers = vec![
        ("nobody".to_owned(), None),
        (
            "a stranger".to_owned(),
            Some(Principal::user("stranger").with_role("stranger")),
        ),
        (
            "a strange service".to_owned(),
            Some(Principal::service("stranger")),
        ),
    ];
    for all in &row.info.any_of {
        let service = all.iter().find_map(|condition| match condition {
            Condition::Service(name) => Some(Principal::service(name.as_str())),
            _ => None,
        });
        let principal = all.iter().fold(
            service.unwrap_or(Principal::user("insider")),
            |principal, condition| match condition {
                Condition::Role(role) => principal.with_role(role.as_str()),
                _ => principal,
            },
        );
        let named: Vec<_> = all.iter().map(ToString::to_string).collect();
        callers.push((named.join(" and "), Some(principal)));
    }
    callers
}

/// What the rule says of this caller; `None` where that depends on the request itself.
fn expected(row: &AccessRow, principal: Option<&Principal>) -> Option<bool> {
    let holds = |condition: &Condition| match (condition, principal) {
        (Condition::Public(_), _) | (Condition::Authenticated(_), Some(_)) => Some(true),
        (Condition::Role(role), Some(principal)) => {
            Some(!principal.is_service() && principal.has_role(role))
        }
        (Condition::Service(name), Some(principal)) => {
            Some(principal.is_service() && principal.subject() == name)
        }
        (Condition::When(_), Some(_)) => None,
        // An owner too: the walk asks for things that belong to nobody.
        _ => Some(false),
    };
    let mut unknown = false;
    for all in &row.info.any_of {
        let answers: Vec<_> = all.iter().map(holds).collect();
        if answers.iter().all(|answer| *answer == Some(true)) {
            return Some(true);
        }
        unknown |= !answers.contains(&Some(false));
    }
    (!unknown).then_some(false)
}

/// Whether the app lets this caller in; `None` where a mounted router knows none of the paths that are tried.
async fn admitted(app: &Started, row: &AccessRow, principal: Option<&Principal>) -> Option<bool> {
    let path: String = row
        .path
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(_) => "walk",
            None if segment == "*" => "Walk",
            None => segment,
        })
        .collect::<Vec<_>>()
        .join("/");
    match (row.kind, row.method.as_str()) {
        (RowKind::Rpc, _) => {
            let outcome = called(app, rpc(app, &path), principal).await;
            Some(outcome != Outcome::Refused)
        }
        (_, "*") => {
            let prefix = path.trim_end_matches("/walk");
            for path in [&path, prefix] {
                let call = app.call("GET", path);
                if let Some(admitted) = called(app, call, principal).await.admitted() {
                    return Some(admitted);
                }
            }
            None
        }
        (_, method) => {
            let outcome = called(app, app.call(method, &path), principal).await;
            // The handler's own 404 is an answer: the rule let the caller through to it.
            Some(outcome.admitted().unwrap_or(true))
        }
    }
}

/// What became of one call.
#[derive(PartialEq)]
enum Outcome {
    Refused,
    Answered,
    NotFound,
}

impl Outcome {
    fn admitted(&self) -> Option<bool> {
        match self {
            Self::Refused => Some(false),
            Self::Answered => Some(true),
            Self::NotFound => None,
        }
    }
}

/// The smallest call of an RPC: an empty message is one byte of flags and four of length.
fn rpc<'a>(app: &'a Started, path: &str) -> Call<'a> {
    app.call("POST", path)
        .http2()
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Bytes::from_static(&[0; 5]))
}

async fn called(app: &Started, call: Call<'_>, principal: Option<&Principal>) -> Outcome {
    let call = match principal {
        Some(principal) => call.as_principal(principal),
        None => call,
    };
    // Rules count whom they refuse, also where the answer is the one of an extractor that rejects the path.
    let refusals = || app.count("msf_access_refused_total", &[]);
    let before = refusals();
    // The body of an answer may be a stream without end.
    let response = call.head().await;
    let status = response.status();
    if refusals() > before {
        return Outcome::Refused;
    }
    let grpc = response.headers().get("grpc-status");
    let says_no = match grpc.map(http::HeaderValue::as_bytes) {
        Some(status) => status == b"16" || status == b"7",
        None => response.status() == 401 || response.status() == 403,
    };
    if says_no && !is_a_handlers_own(response).await {
        return Outcome::Refused;
    }
    if status == 404 {
        Outcome::NotFound
    } else {
        Outcome::Answered
    }
}

/// Whether no rule and no layer said no, but a handler, for a reason that has a code of its own: the user is gone.
async fn is_a_handlers_own(response: http::Response<hyper::body::Incoming>) -> bool {
    let code = if let Some(status) = Status::from_header_map(response.headers()) {
        let info = status.get_error_details().error_info().cloned();
        info.map(|info| info.reason)
    } else {
        let body = response.into_body().collect().await;
        let bytes = body.map(Collected::to_bytes).unwrap_or_default();
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        problem["code"].as_str().map(str::to_owned)
    };
    let general = [Kind::Unauthenticated, Kind::Forbidden].map(Kind::code);
    code.is_some_and(|code| !general.contains(&code.as_str()))
}
