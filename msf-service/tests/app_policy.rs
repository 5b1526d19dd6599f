//! The walk over the access table: right where every rule holds, and able to fail where one does not.

mod app_support;
#[expect(dead_code, clippy::unused_async, reason = "a part of it is used")]
mod grpc_support;

use axum::Router;
use axum::extract::Request as HttpRequest;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::routing::get;
use grpc_support::Counting;
use http::HeaderMap;
use msf_core::BoxFuture;
use msf_core::access::{Authenticator, Head, Principal};
use msf_core::error::Error;
use msf_service::prelude::*;
use msf_test_protos::pb::msf::test::v1 as pb;
use msf_testing::PolicyWalk;

async fn nothing() {}

/// An id that the walk cannot guess.
#[derive(serde::Deserialize)]
struct Account(#[serde(deserialize_with = "number")] String);

fn number<'de, D: serde::Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    <u64 as serde::Deserialize>::deserialize(source).map(|number| number.to_string())
}

/// An app with every kind of rule.
fn app() -> App {
    let nobody = |who: &http::Method, _: &Principal| who == http::Method::TRACE;
    let routes = Routes::new()
        .get("/public", Rule::public("for tests"), nothing)
        .get("/known", Rule::authenticated("for tests"), nothing)
        .get("/admin", Rule::role("admin"), nothing)
        .post("/admin", Rule::role("admin"), nothing)
        .put("/service", Rule::service("auth-service"), nothing)
        .patch("/nobody", Rule::nobody("for tests"), nothing)
        .delete(
            "/users/{id}",
            Rule::owner(|Path(id): &Path<String>| id),
            nothing,
        )
        .get("/when", Rule::when("never", nobody), nothing)
        .get(
            "/either",
            Rule::role("a").or(Rule::role("b")).or(Rule::service("s")),
            nothing,
        )
        .get("/both", Rule::role("a").and(Rule::role("b")), nothing)
        .get(
            "/owner-or/{id}",
            Rule::<Head>::owner(|Path(id): &Path<String>| id).or(Rule::role("admin")),
            nothing,
        )
        .get(
            "/accounts/{id}",
            Rule::owner(|Path(id): &Path<Account>| &id.0),
            nothing,
        )
        .mount(
            "/bare",
            Rule::role("admin"),
            Router::new().route("/report", get(nothing)),
        )
        .mount(
            "/files",
            Rule::role("admin"),
            Router::new().fallback(get(nothing)),
        );
    let access = pb::CounterAccess {
        increment: Rule::owner(|request: &pb::IncrementRequest| &request.account)
            .or(Rule::role("counter")),
        count: Rule::authenticated("for tests"),
        sum: Rule::role("counter"),
        double: Rule::public("for tests"),
    };
    App::new()
        .http(routes)
        .grpc(pb::guard_counter(Counting::default(), access))
}

async fn walk(app: App) -> PolicyWalk {
    let app = msf_testing::start(async move |_: Boot<()>| Ok(app), ()).await;
    app.expect("it starts").policy_walk().await
}

#[tokio::test]
async fn where_every_rule_holds_nothing_is_found() {
    let walk = walk(app()).await;
    assert_eq!(walk.violations().count(), 0, "{walk}");
    println!("{walk}");
    for row in [
        "/known",
        "/users/{id}",
        "/files/{*rest}",
        "/msf.test.v1.Counter/Sum",
    ] {
        let calls = walk
            .cases()
            .iter()
            .filter(|case| case.row.path == row)
            .count();
        assert!(calls >= 3, "{row}: {calls}");
    }
    // Somebody was let in and somebody was not, or the walk would prove nothing.
    let admitted = walk.cases().iter().filter(|case| case.admitted).count();
    assert!(
        admitted > 10 && admitted < walk.cases().len() - 20,
        "{walk}"
    );
}

#[tokio::test]
async fn an_authenticator_that_knows_everybody_is_found() {
    struct Everybody;
    impl Authenticator for Everybody {
        fn authenticate<'a>(
            &'a self,
            _: &'a HeaderMap,
        ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
            Box::pin(async { Ok(Some(Principal::user("ana").with_role("admin"))) })
        }
    }
    let walk = walk(app().authenticate(Everybody)).await;
    let found: Vec<_> = walk
        .violations()
        .map(|case| (&*case.caller, &*case.row.path))
        .collect();
    for path in [
        "/known",
        "/admin",
        "/files/{*rest}",
        "/msf.test.v1.Counter/Count",
    ] {
        assert!(found.contains(&("nobody", path)), "{path}: {walk}");
    }
}

#[tokio::test]
async fn a_layer_that_answers_in_place_of_the_rules_is_found() {
    let open = from_fn(
        async |request: HttpRequest, next: Next| match request.uri().path() {
            "/admin" => "come in".into_response(),
            _ => next.run(request).await,
        },
    );
    let walk = walk(app().layer(open)).await;
    let found: Vec<_> = walk.violations().map(|case| &*case.row.path).collect();
    assert!(
        !found.is_empty() && found.iter().all(|path| *path == "/admin"),
        "{walk}"
    );
}

#[tokio::test]
async fn a_layer_that_refuses_everybody_is_found() {
    let closed =
        from_fn(async |_: HttpRequest, _: Next| http::StatusCode::FORBIDDEN.into_response());
    let walk = walk(app().layer(closed)).await;
    assert!(
        walk.violations().any(|case| case.row.path == "/public"),
        "{walk}"
    );
}
