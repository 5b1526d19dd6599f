//! Walks the access table: who is refused, and who is not, for every RPC and route.

use std::fmt;

use bytes::Bytes;
use msf_core::access::{Condition, Principal};
use msf_service::{AccessRow, RowKind};

use crate::started::Started;

/// What a walk over the whole access table came to. `Display` is a table, a line each.
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
                let admitted = admitted(app, row, principal.as_ref()).await;
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

async fn admitted(app: &Started, row: &AccessRow, principal: Option<&Principal>) -> bool {
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
    let rpc = row.kind == RowKind::Rpc;
    let method = match row.method.as_str() {
        _ if rpc => "POST",
        "*" => "GET",
        method => method,
    };
    let mut call = app.call(method, &path);
    if let Some(principal) = principal {
        call = call.as_principal(principal);
    }
    if rpc {
        // An empty message: one byte of flags, four of length.
        let empty = Bytes::from_static(&[0; 5]);
        call = call
            .http2()
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(empty);
    }
    // A refusal is all in the head; the body of an answer may be a stream without end.
    let response = call.head().await;
    let grpc = response
        .headers()
        .get("grpc-status")
        .map(|value| value.as_bytes().to_vec());
    let refused = match grpc.as_deref() {
        Some(status) => status == b"16" || status == b"7",
        None => response.status() == 401 || response.status() == 403,
    };
    !refused
}
