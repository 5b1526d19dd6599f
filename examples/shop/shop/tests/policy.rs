//! The policy matrix: every route and RPC of the five services, called by everybody, against what its own rule says.

mod support;

use std::fmt::Write as _;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use msf_service::access::Condition;
use msf_service::axum::http::{HeaderMap, Request};
use msf_service::tonic::body::Body;
use msf_service::tonic::client::GrpcService as _;
use msf_service::tonic::{Code, Status};
use msf_service::tonic_types::StatusExt as _;
use msf_service::{AccessRow, Principal, RowKind};
use msf_testing::Started;
use serde_json::{Value, json};

use support::api::{Tokens, admin, as_user, new_user, send_as, user_id};
use support::{Options, Shop};

/// Somebody who calls.
struct Caller {
    label: &'static str,
    principal: Option<Principal>,
    /// What a user shows to the gateway, which is the one that takes tokens.
    token: Option<String>,
}

impl Caller {
    fn service(label: &'static str, name: &str) -> Self {
        Self {
            label,
            principal: Some(Principal::service(name)),
            token: None,
        }
    }

    fn user(label: &'static str, id: &str, role: &str, tokens: &Tokens) -> Self {
        Self {
            label,
            principal: Some(Principal::user(id).with_role(role)),
            token: Some(tokens.access.clone()),
        }
    }
}

/// What the rule says of this caller, where `owner` owns what is asked for.
fn expected(row: &AccessRow, caller: &Caller, owner: &str) -> bool {
    let Some(principal) = &caller.principal else {
        let public = |condition: &Condition| matches!(condition, Condition::Public(_));
        return row.info.any_of.iter().any(|all| all.iter().all(public));
    };
    let is_user = !principal.is_service();
    let holds = |condition: &Condition| match condition {
        Condition::Public(_) | Condition::Authenticated(_) => true,
        Condition::Role(role) => is_user && principal.has_role(role),
        Condition::Service(name) => !is_user && principal.subject() == name,
        Condition::Owner => is_user && principal.subject() == owner,
        Condition::When(text) if text.starts_with("a user") => is_user,
        other => panic!("{}: the matrix does not know {other}", row.path),
    };
    row.info.any_of.iter().any(|all| all.iter().all(holds))
}

/// The codes of a rule's own refusals; a handler that refuses says why with another.
const OF_RULES: [&str; 2] = ["unauthenticated", "forbidden"];

/// The code of the refusal, if this call was refused by whomever.
async fn call(app: &Started, row: &AccessRow, caller: &Caller, owner: &str) -> Option<String> {
    match row.kind {
        RowKind::Rpc => rpc(app, row, caller, owner).await,
        _ => route(app, row, caller).await,
    }
}

async fn route(app: &Started, row: &AccessRow, caller: &Caller) -> Option<String> {
    let variable = |segment: &str| {
        if segment.starts_with('{') {
            "0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d".to_owned()
        } else {
            segment.to_owned()
        }
    };
    let path: Vec<_> = row.path.split('/').map(variable).collect();
    let request = app.call(&row.method, &path.join("/"));
    let request = match (caller, row.service.as_str()) {
        (
            Caller {
                token: Some(token), ..
            },
            "api-gateway",
        ) => request.header("authorization", &format!("Bearer {token}")),
        (
            Caller {
                principal: Some(principal),
                ..
            },
            _,
        ) => request.as_principal(principal),
        _ => request,
    };
    let answer = request.send().await;
    let refused = matches!(answer.status().as_u16(), 401 | 403);
    refused.then(|| answer.json::<Value>()["code"].as_str().unwrap().to_owned())
}

async fn rpc(app: &Started, row: &AccessRow, caller: &Caller, owner: &str) -> Option<String> {
    let mut channel = match &caller.principal {
        Some(principal) => app.channel_of(principal),
        None => app.channel(),
    };
    // The first field of what an owner asks for is its id; of all else, the empty message.
    let mut message = Vec::new();
    if row
        .info
        .any_of
        .iter()
        .flatten()
        .any(|one| *one == Condition::Owner)
    {
        message.extend([0x0a, u8::try_from(owner.len()).unwrap()]);
        message.extend(owner.as_bytes());
    }
    let mut framed = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
    framed.extend(message);
    let request = Request::post(format!("http://app{}", row.path))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(
            Full::new(Bytes::from(framed)).map_err(|never| match never {}),
        ))
        .unwrap();
    // The head is enough: a refusal has no body, and a stream may have no end.
    let response = channel.call(request).await.unwrap();
    code_of(response.headers())
}

fn code_of(headers: &HeaderMap) -> Option<String> {
    let status = Status::from_header_map(headers)?;
    let refused = matches!(
        status.code(),
        Code::Unauthenticated | Code::PermissionDenied
    );
    let details = status.get_error_details();
    refused.then(|| details.error_info().unwrap().reason.clone())
}

#[tokio::test]
async fn every_caller_at_every_route_and_rpc_is_what_the_rule_says() {
    let shop = Shop::with(Options {
        auth_failures: Some(0),
        ..Options::default()
    })
    .await;
    let admin = admin(&shop.gateway).await;
    let admin_id = user_id(&shop.gateway, &admin.access).await;
    let (_, owner) = new_user(&shop.gateway).await;
    let owner_id = user_id(&shop.gateway, &owner.access).await;
    let (_, other) = new_user(&shop.gateway).await;
    let other_id = user_id(&shop.gateway, &other.access).await;
    let callers = [
        Caller {
            label: "nobody",
            principal: None,
            token: None,
        },
        Caller::user("other user", &other_id, "user", &other),
        Caller::user("owner", &owner_id, "user", &owner),
        Caller::user("admin", &admin_id, "admin", &admin),
        Caller::service("gateway", "api-gateway"),
        Caller::service("auth", "auth-service"),
        Caller::service("stranger", "stranger"),
    ];

    let mut matrix = String::new();
    let labels: Vec<_> = callers
        .iter()
        .map(|caller| format!("{:10}", caller.label))
        .collect();
    let _ = writeln!(matrix, "{} what (rule)", labels.join(" "));
    let (mut calls, mut wrong, mut of_owners) = (0, Vec::new(), 0);
    for app in shop.all() {
        let counted = || app.count("msf_access_refused_total", &[]);
        let (before, mut refused) = (counted(), 0);
        for row in app.access() {
            let mut line = Vec::new();
            for caller in &callers {
                let code = call(app, row, caller, &owner_id).await;
                let by_rule = code.filter(|code| OF_RULES.contains(&code.as_str()));
                let expected = match (expected(row, caller, &owner_id), &caller.principal) {
                    (true, _) => None,
                    (false, None) => Some("unauthenticated"),
                    (false, Some(_)) => Some("forbidden"),
                };
                let mut word = if by_rule.is_none() { "yes" } else { "-" };
                if by_rule.as_deref() != expected {
                    word = "VIOLATION";
                    let what = format!("{} {}", row.method, row.path);
                    wrong.push(format!("{what} as {}: {by_rule:?}", caller.label));
                }
                line.push(format!("{word:10}"));
                calls += 1;
                refused += u64::from(by_rule.is_some());
            }
            let conditions = row.info.any_of.iter().flatten();
            of_owners += conditions.filter(|one| **one == Condition::Owner).count();
            let AccessRow {
                service,
                method,
                path,
                rule,
                ..
            } = row;
            let line = line.join(" ");
            let _ = writeln!(matrix, "{line} {service} {method} {path} ({rule})");
        }
        // The rules themselves say as often that they refused.
        let counted = counted() - before;
        if counted != refused {
            let name = app.running().name();
            wrong.push(format!(
                "{name}: {refused} refusals seen, {counted} counted by the rules"
            ));
        }
    }
    println!("{matrix}{calls} calls, {} violations", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(calls >= 280, "{calls}");
    assert_eq!(of_owners, 1, "get_user is for its owner");
    assert_eq!(shop.errors(), Vec::<Value>::new());
}

/// Every admin route of the gateway, with a body that it would take.
fn admin_routes(shop: &Shop) -> Vec<(String, String)> {
    let for_admins = |row: &&AccessRow| row.info.any_of == [[Condition::Role("admin".to_owned())]];
    let rows = shop.gateway.access().iter().filter(for_admins);
    rows.map(|row| (row.method.clone(), row.path.clone()))
        .collect()
}

#[tokio::test]
async fn an_admin_who_is_none_any_more_is_refused_at_once_everywhere() {
    let shop = Shop::start().await;
    let first = admin(&shop.gateway).await;
    let (email, tokens) = new_user(&shop.gateway).await;
    let id = user_id(&shop.gateway, &tokens.access).await;
    let path = format!("/api/v1/admin/users/{id}");
    let change = |role: &str| json!({ "role": role });

    let promoted = send_as(&shop.gateway, "PUT", &path, &first, &change("admin")).await;
    assert_eq!(promoted.status(), 200, "{}", promoted.text());
    let login = support::api::login(&shop.gateway, &email, support::PASSWORD).await;
    let second = Tokens::of(&login);
    let routes = admin_routes(&shop);
    assert_eq!(routes.len(), 9, "{routes:?}");
    let ask = async |status: u16, code: &str| {
        for (method, path) in &routes {
            let path = path.replace("{id}", "lamp").replace("{category}", "light");
            let answer = as_user(&shop.gateway, method, &path, &second).await;
            let told = format!("{method} {path}: {}", answer.text());
            assert_eq!(answer.status(), status, "{told}");
            assert_eq!(answer.json::<Value>()["code"], code, "{told}");
        }
    };
    let list = "/api/v1/admin/users";
    assert_eq!(
        as_user(&shop.gateway, "GET", list, &second).await.status(),
        200
    );
    let demoted = send_as(&shop.gateway, "PUT", &path, &first, &change("user")).await;
    assert_eq!(demoted.status(), 200, "{}", demoted.text());
    ask(403, "role.lost").await;

    // A refresh tells the new role.
    let refreshed = Tokens::of(&support::api::refresh(&shop.gateway, &second.refresh).await);
    let refused = as_user(&shop.gateway, "GET", list, &refreshed).await;
    assert_eq!(refused.json::<Value>()["code"], "forbidden");

    let deleted = as_user(&shop.gateway, "DELETE", &path, &first).await;
    assert_eq!(deleted.status(), 200, "{}", deleted.text());
    ask(401, "user.gone").await;
    let me = support::api::me(&shop.gateway, &refreshed.access).await;
    assert_eq!(
        (me.status().as_u16(), me.json::<Value>()["code"].as_str()),
        (401, Some("user.gone"))
    );
    for answer in [
        support::api::refresh(&shop.gateway, &refreshed.refresh).await,
        support::api::login(&shop.gateway, &email, support::PASSWORD).await,
    ] {
        assert_eq!(answer.status(), 401, "{}", answer.text());
    }
    assert_eq!(shop.errors(), Vec::<Value>::new());
}
