//! A description that cannot be right ends the start, with words.

use std::collections::BTreeMap;

use msf_service::axum::Router;
use msf_service::axum::http::StatusCode;
use msf_service::error::Kind;
use msf_service::http::Routes;
use msf_service::openapi::{OpenApi, Operation};
use msf_service::{App, Rule};

fn operation(id: &'static str) -> Operation {
    Operation::new(id, "Something").answers::<String>(StatusCode::OK, "It.")
}

async fn mistake(routes: Routes) -> String {
    let app = async |_| Ok(App::new().http(routes).openapi(OpenApi::new("Notes", "1")));
    let started = msf_testing::start(app, ()).await;
    started
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

fn route(path: &str, operation: Operation) -> Routes {
    let rule = || Rule::public("a test");
    Routes::new()
        .get(path, rule(), async || "it")
        .describe(operation)
}

#[tokio::test]
async fn what_cannot_be_right_ends_the_start() {
    let twice = route("/a", operation("a")).describe(operation("b"));
    let of_none = Routes::new().describe(operation("b"));
    let of_a_merge = Routes::new()
        .merge(Routes::new().get("/a", Rule::public("a test"), async || "it"))
        .describe(operation("b"));
    let of_a_mount = Routes::new()
        .mount("/old", Rule::public("a test"), Router::new())
        .describe(operation("b"));
    let no_route = "`b` describes no route, or one that is described already";
    let header = |status| operation("a").answer_header(status, "etag", "Its version.");
    let cases = [
        (route("/a", operation("a")), ""),
        (twice, no_route),
        (of_none, no_route),
        (of_a_merge, no_route),
        (
            of_a_mount,
            "`b` describes /old/{*rest}, which OpenAPI cannot say",
        ),
        (
            route("/a/{*rest}", operation("b")),
            "`b` describes /a/{*rest}, which OpenAPI cannot say",
        ),
        (
            route("/a", operation("a")).merge(route("/b", operation("a"))),
            "two operations have the id `a`; one is GET /b",
        ),
        (
            route("/a/{id}", operation("a").path::<u8>("key", "Which.")),
            "`a` describes the variable `key`, which /a/{id} does not have",
        ),
        (
            route(
                "/a",
                Operation::new("a", "Something").fails(Kind::NotFound, "never"),
            ),
            "`a` does not say what it answers when all is well",
        ),
        (
            route("/a", operation("a").query::<BTreeMap<String, String>>()),
            "`a` takes a query whose type is no struct with fields",
        ),
        (
            route("/a", header(StatusCode::CREATED)),
            "`a` has the header `etag` on 201 Created, which it does not answer",
        ),
        (route("/a", header(StatusCode::OK)), ""),
    ];
    for (routes, expected) in cases {
        let told = mistake(routes).await;
        match expected {
            "" => assert_eq!(told, ""),
            _ => assert_eq!(
                told,
                format!("the OpenAPI document cannot be made: {expected}")
            ),
        }
    }
}
