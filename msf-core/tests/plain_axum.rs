//! The example on axum, over a socket: what each layer adds to a `Router` that msf did not build.

#[path = "../examples/plain_axum.rs"]
mod example;
mod support;

use axum::body::Body;
use http::Request;
use http::StatusCode;
use msf_core::error::PROBLEM_JSON;
use support::capture::{Captured, counts};
use support::http::{Reply, get, request, send, start};

const ANA: (&str, &str) = ("authorization", "Bearer ana");
const BOB: (&str, &str) = ("authorization", "Bearer bob");
const ADMIN: (&str, &str) = ("authorization", "Bearer bob+admin");
const BAD: (&str, &str) = ("authorization", "Bearer not valid");

/// All problem documents have the same members, whoever wrote them.
fn assert_problem(reply: &Reply, status: StatusCode, code: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.header("content-type"), PROBLEM_JSON);
    let problem = reply.json();
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["title"], status.canonical_reason().unwrap());
    assert_eq!(problem["code"], code);
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty())
    );
    assert_eq!(problem["correlation_id"], reply.header("x-correlation-id"));
}

#[tokio::test]
async fn the_correlation_id_is_echoed_and_replaced_where_it_is_not_valid() {
    let addr = start(example::app()).await;
    let longest = "x".repeat(64);
    for valid in ["order-7", "a", "A.b_c:d-9", longest.as_str()] {
        let reply = get(addr, "/", &[("x-correlation-id", valid)]).await;
        assert_eq!(reply.header("x-correlation-id"), valid);
        assert_eq!(reply.text(), "hello");
    }
    let reply = get(addr, "/", &[("x-request-id", "from-a-proxy")]).await;
    assert_eq!(reply.header("x-correlation-id"), "from-a-proxy");
    let both = [("x-request-id", "proxy"), ("x-correlation-id", "order-7")];
    assert_eq!(
        get(addr, "/", &both).await.header("x-correlation-id"),
        "order-7"
    );

    let too_long = "x".repeat(65);
    for invalid in ["", "two words", "semi;colon", "quo\"te", too_long.as_str()] {
        let reply = get(addr, "/", &[("x-correlation-id", invalid)]).await;
        let fresh = reply.header("x-correlation-id");
        assert_eq!(
            fresh.len(),
            36,
            "a new id in place of {invalid:?}, not {fresh:?}"
        );
    }
}

#[tokio::test]
async fn a_rule_lets_in_refuses_and_asks_who_it_is() {
    let addr = start(example::app()).await;
    let reply = get(addr, "/notes/ana", &[]).await;
    assert_problem(&reply, StatusCode::UNAUTHORIZED, "unauthenticated");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    let reply = get(addr, "/notes/ana", &[BAD]).await;
    assert_problem(&reply, StatusCode::UNAUTHORIZED, "token.bad");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    let reply = get(addr, "/notes/ana", &[BOB]).await;
    assert_problem(&reply, StatusCode::FORBIDDEN, "forbidden");
    assert_eq!(reply.header("www-authenticate"), "");
    for known in [ANA, ADMIN] {
        assert_eq!(
            get(addr, "/notes/ana", &[known]).await.text(),
            "the notes of ana"
        );
    }
    let reply = get(addr, "/", &[BAD]).await;
    assert_eq!(
        reply.status,
        StatusCode::OK,
        "a public route does not look at the token"
    );
}

#[tokio::test]
async fn a_failing_extraction_answers_for_itself_and_is_not_asked_of_an_admin() {
    let addr = start(example::app()).await;
    let reply = get(addr, "/notes/ANA", &[ANA]).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.text().contains("letters a to z"), "{}", reply.text());
    let reply = get(addr, "/notes/ANA", &[]).await;
    assert_eq!(
        reply.status,
        StatusCode::UNAUTHORIZED,
        "nothing is extracted for nobody"
    );
    let (captured, _guard) = Captured::start();
    let reply = get(addr, "/notes/ANA", &[ADMIN]).await;
    assert_eq!(
        reply.status,
        StatusCode::BAD_REQUEST,
        "the handler's own extractor"
    );
    assert!(
        captured.of("msf::access").is_empty(),
        "the rule itself let the admin in"
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_stay_404_and_405() {
    let addr = start(example::app()).await;
    assert_eq!(
        get(addr, "/nowhere", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let reply = send(addr, request("DELETE", "/notes/ana", &[ANA])).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn field_errors_travel_in_the_problem() {
    let addr = start(example::app()).await;
    let note = Request::post("/notes")
        .header("host", "test")
        .header("authorization", "Bearer ana")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"text": ""}"#))
        .unwrap();
    let reply = send(addr, note).await;
    assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "note.invalid");
    let expected =
        serde_json::json!([{"field": "text", "code": "required", "message": "is empty"}]);
    assert_eq!(reply.json()["errors"], expected);
}

#[tokio::test]
async fn one_line_and_one_series_for_a_route_however_its_paths_differ() {
    let (captured, _guard) = Captured::start();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let addr = start(example::app()).await;
    for path in ["/notes/ana", "/notes/bob"] {
        get(addr, path, &[ADMIN, ("x-correlation-id", "order-7")]).await;
    }
    let lines = captured.requests(2).await;
    assert_eq!(lines[0].field("route"), "/notes/{owner}");
    assert_eq!(lines[0].field("principal"), "bob");
    assert_eq!(lines[0].correlation_id.as_deref(), Some("order-7"));
    let series = counts(&recorder.handle(), "http_server_request_duration_seconds");
    let expected = r#"{service="notes",http_request_method="GET",http_route="/notes/{owner}",http_response_status_code="200"} 2"#;
    assert_eq!(series, [expected]);
}
