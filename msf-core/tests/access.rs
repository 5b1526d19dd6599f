//! Rules: as boolean algebra, on every kind of caller, on routes and on RPCs.

mod support;

use std::time::Duration;

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use msf_core::access::{
    AccessLayer, AuthenticateLayer, ClientStream, Head, Identity, OwnerId, Principal, Refusal,
    RpcName, Rule,
};
use msf_core::context::{Context, ContextLayer, Deadline};
use msf_core::error::{Error, Kind};
use proptest::prelude::*;
use support::capture::Captured;
use support::grpc::{Check, Scripted, ask, connect, serving};
use support::http::{get as fetch, start};
use support::stack::{Tokens, stack};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::ServiceExt as _;

const CHECK: RpcName = RpcName {
    service: "grpc.health.v1.Health",
    method: "Check",
    path: "/grpc.health.v1.Health/Check",
};

/// A rule as a formula: built into a `Rule`, and evaluated here by `&&` and `||` alone.
#[derive(Clone, Debug)]
enum Formula {
    Public,
    Authenticated,
    Role(&'static str),
    Service(&'static str),
    Owner,
    When(bool),
    Nobody,
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
}

const NAMES: [&str; 3] = ["ana", "bob", "shop"];
const ROLES: [&str; 2] = ["admin", "clerk"];

fn formula() -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![
        Just(Formula::Public),
        Just(Formula::Authenticated),
        proptest::sample::select(ROLES.as_slice()).prop_map(Formula::Role),
        proptest::sample::select(NAMES.as_slice()).prop_map(Formula::Service),
        Just(Formula::Owner),
        any::<bool>().prop_map(Formula::When),
        Just(Formula::Nobody),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let pair = (inner.clone(), inner);
        prop_oneof![
            pair.clone()
                .prop_map(|(left, right)| Formula::And(left.into(), right.into())),
            pair.prop_map(|(left, right)| Formula::Or(left.into(), right.into())),
        ]
    })
}

impl Formula {
    fn rule(&self) -> Rule<HealthCheckRequest> {
        match self {
            Self::Public => Rule::public("it is open"),
            Self::Authenticated => Rule::authenticated("everybody may"),
            Self::Role(role) => Rule::role(*role),
            Self::Service(name) => Rule::service(*name),
            Self::Owner => Rule::owner(|request: &HealthCheckRequest| &request.service),
            Self::When(holds) => {
                let holds = *holds;
                Rule::when("so", move |_: &HealthCheckRequest, _: &Principal| holds)
            }
            Self::Nobody => Rule::nobody("not in use"),
            Self::And(left, right) => left.rule().and(right.rule()),
            Self::Or(left, right) => left.rule().or(right.rule()),
        }
    }

    fn holds(&self, principal: Option<&Principal>, owner: &str) -> bool {
        let user = principal.filter(|principal| !principal.is_service());
        let service = principal.filter(|principal| principal.is_service());
        match self {
            Self::Public => true,
            Self::Authenticated => principal.is_some(),
            Self::Role(role) => user.is_some_and(|user| user.has_role(role)),
            Self::Service(name) => service.is_some_and(|service| service.subject() == *name),
            Self::Owner => user.is_some_and(|user| !owner.is_empty() && user.subject() == owner),
            Self::When(holds) => principal.is_some() && *holds,
            Self::Nobody => false,
            Self::And(left, right) => left.holds(principal, owner) && right.holds(principal, owner),
            Self::Or(left, right) => left.holds(principal, owner) || right.holds(principal, owner),
        }
    }
}

fn principal() -> impl Strategy<Value = Principal> {
    let name = proptest::sample::select(NAMES.as_slice());
    let roles = proptest::sample::subsequence(ROLES.to_vec(), 0..=2);
    (name, any::<bool>(), roles).prop_map(|(name, service, roles)| {
        let principal = if service {
            Principal::service(name)
        } else {
            Principal::user(name)
        };
        roles.into_iter().fold(principal, Principal::with_role)
    })
}

fn decide(
    rule: &Rule<HealthCheckRequest>,
    identity: Option<&Identity>,
    owner: &str,
) -> Result<(), Refusal> {
    let mut message = HealthCheckRequest {
        service: owner.to_owned(),
    };
    // A message is at hand, so nothing is waited for.
    rule.decide(identity, &mut message).now_or_never().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn and_and_or_are_those_of_boolean_algebra(
        formula in formula(),
        principal in proptest::option::of(principal()),
        owner in proptest::sample::select(&["", "ana", "bob", "shop"][..]),
    ) {
        let identity = principal.clone().map_or(Identity::Anonymous, Identity::Known);
        let decision = decide(&formula.rule(), Some(&identity), owner);
        prop_assert_eq!(decision.is_ok(), formula.holds(principal.as_ref(), owner));
        match (decision, principal) {
            (Ok(()), _)
            | (Err(Refusal::Forbidden), Some(_))
            | (Err(Refusal::Unauthenticated(_)), None) => {}
            (refused, principal) => prop_assert!(false, "{refused:?} for {principal:?}"),
        }
    }

    #[test]
    fn whoever_is_nobody_gets_what_an_anonymous_caller_gets(formula in formula()) {
        let rule = formula.rule();
        let anonymous = formula.holds(None, "ana");
        let refused = Identity::Refused(Error::new(Kind::Unauthenticated, "token.old", "expired"));
        let empty_user = Identity::Known(Principal::user("").with_role("admin"));
        let empty_service = Identity::Known(Principal::service(""));
        let nobodies = [None, Some(Identity::Anonymous), Some(refused), Some(empty_user), Some(empty_service)];
        for identity in &nobodies {
            for owner in ["", "ana"] {
                let decision = decide(&rule, identity.as_ref(), owner);
                prop_assert_eq!(decision.is_ok(), anonymous, "{:?}", identity);
            }
        }
    }
}

#[test]
fn a_user_and_a_service_of_the_same_name_are_two_callers() {
    let user = Identity::Known(Principal::user("shop").with_role("admin"));
    let service = Identity::Known(Principal::service("shop").with_role("admin"));
    let table: [(Rule<HealthCheckRequest>, bool, bool); 5] = [
        (Rule::service("shop"), false, true),
        (Rule::role("admin"), true, false),
        (
            Rule::owner(|request: &HealthCheckRequest| &request.service),
            true,
            false,
        ),
        (Rule::authenticated("all"), true, true),
        (Rule::service("shop").or(Rule::role("admin")), true, true),
    ];
    for (rule, user_may, service_may) in table {
        assert_eq!(
            decide(&rule, Some(&user), "shop").is_ok(),
            user_may,
            "{rule}"
        );
        assert_eq!(
            decide(&rule, Some(&service), "shop").is_ok(),
            service_may,
            "{rule}"
        );
    }
}

#[test]
fn an_empty_id_owns_nothing() {
    let nil = "00000000-0000-0000-0000-000000000000";
    assert!("ana".is("ana") && "ana".to_owned().is("ana"));
    assert!(!"".is("") && !String::new().is(""));
    assert!(!uuid::Uuid::nil().is(nil) && !uuid::Uuid::max().is(""));
}

#[test]
fn a_rule_says_in_words_and_as_data_what_it_is() {
    let rule: Rule<HealthCheckRequest> =
        Rule::role("clerk")
            .or(Rule::service("shop"))
            .and(Rule::when(
                "the shop is open",
                |_: &HealthCheckRequest, _: &Principal| true,
            ));
    let text = "role clerk and when the shop is open, or service shop and when the shop is open";
    assert_eq!(rule.to_string(), text);
    let info = serde_json::to_value(rule.info()).unwrap();
    let expected = serde_json::json!({"text": text, "any_of": [
        [{"role": "clerk"}, {"when": "the shop is open"}],
        [{"service": "shop"}, {"when": "the shop is open"}],
    ]});
    assert_eq!(info, expected);
    let nobody = Rule::<()>::nobody("not in use").and(Rule::public("open"));
    assert_eq!(nobody.to_string(), "nobody: not in use");
}

fn route(path: &str, rule: Rule<Head>) -> Router {
    let handler = get(|| async { "in" }).route_layer(AccessLayer::new(rule));
    Router::new().route(path, handler)
}

async fn status(app: &Router, path: &str, token: Option<&str>) -> StatusCode {
    let mut request = http::Request::get(path);
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let request = request.body(axum::body::Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_missing_layer_denies() {
    let role = || route("/", Rule::role("admin"));
    let admin = Some("user:ana+admin");
    assert_eq!(status(&role(), "/", admin).await, StatusCode::UNAUTHORIZED);
    let context = role().layer(ContextLayer::new());
    assert_eq!(status(&context, "/", admin).await, StatusCode::UNAUTHORIZED);
    let outside = role()
        .layer(AuthenticateLayer::new(Tokens))
        .layer(ContextLayer::new());
    assert_eq!(status(&outside, "/", admin).await, StatusCode::OK);
    let public = route("/", Rule::public("open"));
    assert_eq!(status(&public, "/", None).await, StatusCode::OK);
}

#[tokio::test]
async fn who_is_calling_is_decided_once_by_the_outermost_layer() {
    /// Would make everybody an admin.
    struct Everybody;
    impl msf_core::access::Authenticator for Everybody {
        fn authenticate<'a>(
            &'a self,
            _: &'a http::HeaderMap,
        ) -> msf_core::BoxFuture<'a, Result<Option<Principal>, Error>> {
            Box::pin(async { Ok(Some(Principal::user("root").with_role("admin"))) })
        }
    }
    let app = route("/", Rule::role("admin"))
        .layer(AuthenticateLayer::new(Everybody))
        .layer(AuthenticateLayer::new(Tokens))
        .layer(ContextLayer::new());
    assert_eq!(status(&app, "/", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        status(&app, "/", Some("user:ana")).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        status(&app, "/", Some("user:ana+admin")).await,
        StatusCode::OK
    );
}

#[tokio::test]
async fn what_an_authenticator_knows_is_not_asked_for_and_what_it_does_not_is() {
    /// Has seen `user:ana` before.
    struct Remembers;
    impl msf_core::access::Authenticator for Remembers {
        fn authenticate<'a>(
            &'a self,
            headers: &'a http::HeaderMap,
        ) -> msf_core::BoxFuture<'a, Result<Option<Principal>, Error>> {
            assert_ne!(headers["authorization"], "user:ana");
            Box::pin(async { Ok(Some(Principal::user("bob"))) })
        }

        fn known(&self, headers: &http::HeaderMap) -> Option<Result<Option<Principal>, Error>> {
            match headers.get("authorization")?.to_str().ok()? {
                "user:ana" => Some(Ok(Some(Principal::user("ana").with_role("admin")))),
                "bad" => Some(Err(Error::of(Kind::Unauthenticated))),
                _ => None,
            }
        }
    }
    let app = route("/", Rule::role("admin"))
        .layer(AuthenticateLayer::new(std::sync::Arc::new(Remembers)))
        .layer(ContextLayer::new());
    for (token, expected) in [
        ("user:ana", StatusCode::OK),
        ("user:bob", StatusCode::FORBIDDEN),
        ("bad", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(status(&app, "/", Some(token)).await, expected, "{token}");
    }
}

#[tokio::test]
async fn a_route_looks_at_paths_queries_and_methods_through_extractors() {
    let owner = || Rule::owner(|Path(id): &Path<uuid::Uuid>| id);
    let reads = Rule::when("it is a GET", |method: &Method, _: &Principal| {
        method == Method::GET
    });
    let app =
        route("/users/{id}", owner().and(reads).or(Rule::role("admin"))).layer(stack("users"));
    let id = "0191d3a0-0000-7000-8000-000000000001";
    let (own, other) = (
        format!("/users/{id}"),
        "/users/0191d3a0-0000-7000-8000-000000000002",
    );
    let ana = format!("user:{id}");
    assert_eq!(status(&app, &own, Some(&ana)).await, StatusCode::OK);
    let upper = format!("/users/{}", id.to_uppercase());
    assert_eq!(
        status(&app, &upper, Some(&ana)).await,
        StatusCode::OK,
        "the same id"
    );
    assert_eq!(status(&app, other, Some(&ana)).await, StatusCode::FORBIDDEN);
    let nil = "/users/00000000-0000-0000-0000-000000000000";
    let as_nil = Some("user:00000000-0000-0000-0000-000000000000");
    assert_eq!(
        status(&app, nil, as_nil).await,
        StatusCode::FORBIDDEN,
        "the empty id owns nothing"
    );
    assert_eq!(
        status(&app, "/users/7", Some(&ana)).await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        status(&app, "/users/7", Some("user:ana+admin")).await,
        StatusCode::OK
    );
    assert_eq!(
        status(&app, "/users/7", None).await,
        StatusCode::UNAUTHORIZED
    );
    let impostor = format!("service:{id}");
    assert_eq!(
        status(&app, &own, Some(&impostor)).await,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_rejected_extraction_does_not_hide_an_alternative_that_holds() {
    let owner = || Rule::owner(|Path(id): &Path<uuid::Uuid>| id);
    let never = || Rule::when("never", |_: &Method, _: &Principal| false);
    let always = || Rule::when("always", |_: &Method, _: &Principal| true);
    let ana = Some("user:ana");
    let table = [
        (owner().or(always()), StatusCode::OK),
        (always().or(owner()), StatusCode::OK),
        (owner().or(never()), StatusCode::BAD_REQUEST),
        (never().or(owner()), StatusCode::BAD_REQUEST),
        (never().and(owner()), StatusCode::FORBIDDEN),
        (Rule::role("clerk").and(owner()), StatusCode::FORBIDDEN),
    ];
    for (rule, expected) in table {
        let text = rule.to_string();
        let app = route("/users/{id}", rule).layer(stack("users"));
        assert_eq!(status(&app, "/users/7", ana).await, expected, "{text}");
    }
}

#[tokio::test]
async fn a_rule_never_takes_the_body_from_the_handler() {
    let rule = Rule::when("it is JSON", |headers: &http::HeaderMap, _: &Principal| {
        headers
            .get("content-type")
            .is_some_and(|value| value == "application/json")
    });
    let handler = axum::routing::post(|Json(name): Json<String>| async move { name });
    let app = Router::new()
        .route("/", handler.route_layer(AccessLayer::new(rule)))
        .layer(stack("names"));
    let request = http::Request::post("/")
        .header("host", "test")
        .header("authorization", "user:ana")
        .header("content-type", "application/json")
        .body(axum::body::Body::from("\"ana\""))
        .unwrap();
    let reply = support::http::send(start(app).await, request).await;
    assert_eq!(reply.text(), "ana");
}

#[tokio::test]
async fn a_refusal_is_audited_and_counted_and_says_nothing_of_the_token() {
    let (captured, _guard) = Captured::start();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let addr = start(route("/reports", Rule::role("auditor")).layer(stack("reports"))).await;
    for token in [
        ("authorization", "user:ana+clerk"),
        ("authorization", "s3cret"),
    ] {
        fetch(addr, "/reports", &[token, ("x-correlation-id", "order-7")]).await;
    }
    let lines = captured.of("msf::access");
    assert_eq!(lines.len(), 2);
    for (line, (reason, principal)) in lines
        .iter()
        .zip([("forbidden", "ana"), ("unauthenticated", "")])
    {
        assert_eq!(line.level, tracing::Level::WARN);
        assert_eq!(
            line.keys(),
            ["message", "principal", "reason", "route", "rule"]
        );
        assert_eq!(
            (line.field("reason"), line.field("principal")),
            (reason, principal)
        );
        assert_eq!(
            (line.field("route"), line.field("rule")),
            ("/reports", "role auditor")
        );
        assert_eq!(line.correlation_id.as_deref(), Some("order-7"));
        assert_eq!(line.service.as_deref(), Some("reports"));
        assert!(!format!("{line:?}").contains("s3cret"));
    }
    let text = recorder.handle().render();
    for reason in ["forbidden", "unauthenticated"] {
        let line = format!(r#"msf_access_refused_total{{service="reports",reason="{reason}"}} 1"#);
        assert!(text.contains(&line), "{text}");
    }
}

fn guarded(rule: Rule<HealthCheckRequest>) -> Scripted {
    let rule = std::sync::Arc::new(rule);
    Scripted::new().check(move |mut request: Check| {
        let rule = std::sync::Arc::clone(&rule);
        async move {
            rule.check_rpc(&CHECK, &mut request).await?;
            Ok(serving())
        }
    })
}

#[tokio::test]
async fn a_rule_inside_a_method_looks_at_its_message() {
    let (captured, _guard) = Captured::start();
    let rule = Rule::owner(|request: &HealthCheckRequest| &request.service).or(Rule::role("admin"));
    let addr = support::grpc::start(stack("health"), guarded(rule).server()).await;
    let mut client = HealthClient::new(connect(addr).await);
    let table = [
        (Some("user:ana"), "ana", Code::Ok),
        (Some("user:ana"), "bob", Code::PermissionDenied),
        (Some("user:ana+admin"), "bob", Code::Ok),
        (Some("service:ana"), "ana", Code::PermissionDenied),
        (Some("user:"), "", Code::Unauthenticated),
        (Some("garbage"), "ana", Code::Unauthenticated),
        (None, "ana", Code::Unauthenticated),
    ];
    for (token, owner, expected) in table {
        let mut request = ask(owner);
        if let Some(token) = token {
            request
                .metadata_mut()
                .insert("authorization", token.parse().unwrap());
        }
        let code = client
            .check(request)
            .await
            .map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(code, expected, "{token:?} asks for {owner:?}");
    }
    let lines = captured.requests(table.len()).await;
    assert!(
        lines
            .iter()
            .all(|line| line.field("route") == "grpc.health.v1.Health/Check")
    );
}

#[tokio::test]
async fn a_client_stream_is_checked_before_its_first_message_and_may_then_last() {
    let context = |token: Option<&str>| {
        let context = Context::root();
        let default = Deadline::after(Duration::from_secs(10)).unwrap();
        let context = context.with_default_deadline(default);
        let mut request = http::Request::new(());
        request.extensions_mut().insert(context.clone());
        if let Some(token) = token {
            request
                .headers_mut()
                .insert("authorization", token.parse().unwrap());
        }
        (context, request)
    };
    let rule = Rule::<ClientStream<HealthCheckRequest>>::role("admin");
    let expected = [
        (Some("user:ana+admin"), None),
        (Some("user:ana"), Some(Code::PermissionDenied)),
        (None, Some(Code::Unauthenticated)),
    ];
    for (token, refused) in expected {
        let (context, request) = context(token);
        let layer = tower_layer::Layer::layer(
            &AuthenticateLayer::new(Tokens),
            tower::service_fn(|request: http::Request<()>| async move {
                Ok::<_, std::convert::Infallible>(request)
            }),
        );
        let (parts, ()) = layer.oneshot(request).await.unwrap().into_parts();
        let request = Request::from_parts(
            tonic::metadata::MetadataMap::from_headers(parts.headers),
            parts.extensions,
            (),
        );
        let decision = rule.check_rpc_stream(&CHECK, &request).await;
        assert_eq!(decision.map_err(|status| status.code()).err(), refused);
        assert_eq!(
            context.deadline().is_some(),
            refused.is_some(),
            "lifted where it is let in"
        );
    }
}
