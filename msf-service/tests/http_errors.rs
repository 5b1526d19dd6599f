//! What callers get who send nonsense, over real sockets: one shape of error, a field where there is one, no internals.

mod app_support;
#[expect(
    dead_code,
    clippy::unused_async,
    reason = "this test needs the service only"
)]
mod grpc_support;

use std::fmt::Write as _;
use std::net::SocketAddr;

use app_support::{Answer, exchange, request};
use axum::routing::post;
use grpc_support::Counting;
use http::StatusCode;
use msf_core::error::{Error, FieldError, Kind};
use msf_core::settings::ByteSize;
use msf_service::prelude::*;
use msf_service::tonic_types::StatusExt;
use msf_test_protos::pb::msf::{common::v1::Range, test::v1 as pb};
use msf_testing::{Start, Started};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Deserialize;

const LIMIT: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    customer: String,
    lines: Vec<Line>,
    #[serde(default)]
    note: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    amount: u32,
}

#[derive(Deserialize)]
struct Page {
    page: Option<u32>,
    order: Direction,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Up,
    Down,
}

#[derive(Deserialize)]
struct Place {
    shop: String,
    shelf: u8,
}

/// An id that says itself what it accepts.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Even(u64);

impl TryFrom<String> for Even {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(number) if number % 2 == 0 => Ok(Self(number)),
            _ => Err("is not an even number"),
        }
    }
}

async fn order(Json(order): Json<Order>) -> String {
    let amount: u64 = order.lines.iter().map(|line| u64::from(line.amount)).sum();
    format!("{} {amount} {}", order.customer, order.note.is_null())
}

async fn list(Query(page): Query<Page>) -> String {
    let order = match page.order {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    format!("{} {order}", page.page.unwrap_or(1))
}

async fn place(Path(place): Path<Place>) -> String {
    format!("{} {}", place.shop, place.shelf)
}

/// The one error that both protocols give.
fn invalid() -> Error {
    Error::new(Kind::Invalid, "account.invalid", "the account is not valid")
        .with_field(FieldError::new("account", "account.closed", "is closed"))
        .with_source("dial tcp 10.0.0.7:27017: secret-host")
}

struct Failing(Counting);

#[async_trait]
impl pb::Counter for Failing {
    async fn increment(
        &self,
        _: Request<pb::IncrementRequest>,
    ) -> Result<Response<pb::Value>, Status> {
        Err(invalid().into())
    }

    type CountStream = <Counting as pb::Counter>::CountStream;

    async fn count(&self, request: Request<Range>) -> Result<Response<Self::CountStream>, Status> {
        pb::Counter::count(&self.0, request).await
    }

    async fn sum(
        &self,
        request: Request<tonic::Streaming<pb::Value>>,
    ) -> Result<Response<pb::Value>, Status> {
        pb::Counter::sum(&self.0, request).await
    }

    type DoubleStream = <Counting as pb::Counter>::DoubleStream;

    async fn double(
        &self,
        request: Request<tonic::Streaming<pb::Value>>,
    ) -> Result<Response<Self::DoubleStream>, Status> {
        pb::Counter::double(&self.0, request).await
    }
}

fn everybody<T>() -> Rule<T> {
    Rule::public("these tests are about input")
}

async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let routes = Routes::new()
        .post("/orders", everybody(), order)
        .get("/orders", everybody(), list)
        .get("/orders/{id}", everybody(), async |Path(id): Path<u64>| {
            id.to_string()
        })
        .get("/evens/{id}", everybody(), async |Path(id): Path<Even>| {
            id.0.to_string()
        })
        .get(
            "/pairs/{left}/{right}",
            everybody(),
            async |Path((left, right)): Path<(String, u16)>| format!("{left} {right}"),
        )
        .get("/shops/{shop}/{shelf}", everybody(), place)
        .get("/invalid", everybody(), async || invalid())
        .post("/text", everybody(), async |text: String| text)
        .mount(
            "/plain",
            everybody(),
            axum::Router::new().route(
                "/orders",
                post(|axum::Json(order): axum::Json<Order>| async { order.customer }),
            ),
        );
    let access = pb::CounterAccess {
        increment: everybody(),
        count: everybody(),
        sum: everybody(),
        double: everybody(),
    };
    let counter = pb::guard_counter(Failing(Counting::default()), access);
    Ok(App::new().http(routes).grpc(counter))
}

async fn start() -> (Started, SocketAddr) {
    let limit = |settings: &mut msf_service::ServiceSettings| {
        settings.limits.body = ByteSize::kibibytes(4);
    };
    let app = Start::named("orders").settings(limit).start(app, ()).await;
    let app = app.expect("the app starts");
    let address = app.running().http();
    (app, address)
}

const JSON: &str = "content-type: application/json\r\n";

/// The answer is a problem document and gives nothing away.
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["code"], code);
    assert_eq!(
        problem["correlation_id"],
        answer.header("x-correlation-id"),
        "{answer:?}"
    );
    assert!(!answer.header("x-correlation-id").is_empty());
    for internal in [
        "axum",
        "serde",
        "src/",
        "::",
        "panicked",
        "secret",
        "http_errors",
    ] {
        assert!(!answer.body.contains(internal), "{internal}: {answer:?}");
    }
}

/// `(field, code)` of the only entry in `errors`; two empty texts where there is none.
fn field(answer: &Answer) -> (String, String) {
    let errors = answer.json()["errors"].clone();
    let text = |key: &str| errors[0][key].as_str().unwrap_or_default().to_owned();
    (text("field"), text("code"))
}

#[tokio::test]
async fn json_that_does_not_fit_names_its_field() {
    let (_app, address) = start().await;
    let deep = format!("{}1{}", "[".repeat(128), "]".repeat(128));
    let deep = format!(r#"{{"customer":"ana","lines":[],"note":{deep}}}"#);
    let table: &[(&[u8], u16, &str, &str, &str)] = &[
        (b"", 400, "json.syntax", "", ""),
        (b"{", 400, "json.syntax", "", ""),
        (b"nonsense", 400, "json.syntax", "", ""),
        (
            br#"{"customer":"ana","lines":[]} x"#,
            400,
            "json.syntax",
            "",
            "",
        ),
        (
            b"{\"customer\":\"\xff\xfe\",\"lines\":[]}",
            400,
            "json.syntax",
            "",
            "",
        ),
        (deep.as_bytes(), 400, "json.syntax", "", ""),
        (b"[]", 422, "invalid", "", "json.field"),
        (br#"{"lines":[]}"#, 422, "invalid", "customer", "required"),
        (
            br#"{"customer":7,"lines":[]}"#,
            422,
            "invalid",
            "customer",
            "json.field",
        ),
        (
            br#"{"customer":"a","lines":[{"amount":1},{"amount":"2"}]}"#,
            422,
            "invalid",
            "lines[1].amount",
            "json.field",
        ),
        (
            br#"{"customer":"a","lines":[{"amount":-1}]}"#,
            422,
            "invalid",
            "lines[0].amount",
            "json.field",
        ),
        (
            br#"{"customer":"a","lines":[{"amount":1e400}]}"#,
            422,
            "invalid",
            "lines[0].amount",
            "json.field",
        ),
        (
            br#"{"customer":"a","lines":[{}]}"#,
            422,
            "invalid",
            "lines[0].amount",
            "required",
        ),
        (
            br#"{"customer":"a","lines":[],"colour":"red"}"#,
            422,
            "invalid",
            "colour",
            "json.field",
        ),
        (
            br#"{"customer":"a","lines":[{"amount":1,"size":2}]}"#,
            422,
            "invalid",
            "lines[0].size",
            "json.field",
        ),
        (
            br#"{"customer":"a","customer":"b","lines":[]}"#,
            422,
            "invalid",
            "customer",
            "duplicate",
        ),
    ];
    for (body, status, code, name, field_code) in table {
        let answer = request(address, "POST", "/orders", JSON, body).await;
        assert_problem(&answer, *status, code);
        let named = field(&answer);
        assert_eq!((&*named.0, &*named.1), (*name, *field_code), "{answer:?}");
    }
    // What was found is not told again: a password in the wrong type stays with whoever sent it.
    let wrong = br#"{"customer":{"hunter2":1},"lines":[]}"#;
    let answer = request(address, "POST", "/orders", JSON, wrong).await;
    assert!(answer.body.contains("expected a string"), "{answer:?}");
    let wrong = br#"{"customer":8675309,"lines":[]}"#;
    let answer = request(address, "POST", "/orders", JSON, wrong).await;
    assert!(answer.body.contains("expected a string"), "{answer:?}");
    assert!(!answer.body.contains("8675309"), "{answer:?}");
    // One level less, and it is read.
    let deep = format!("{}1{}", "[".repeat(126), "]".repeat(126));
    let deep = format!(r#"{{"customer":"ana","lines":[],"note":{deep}}}"#);
    let answer = request(address, "POST", "/orders", JSON, deep.as_bytes()).await;
    assert_eq!((answer.status, &*answer.body), (200, "ana 0 false"));
}

#[tokio::test]
async fn json_has_to_say_that_it_is_json() {
    let (_app, address) = start().await;
    let body = br#"{"customer":"ana","lines":[{"amount":3}]}"#;
    for wrong in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: application/jsonp\r\n",
        "content-type: text/json\r\n",
        "content-type: \r\n",
        "content-type: \u{7f}\r\n",
    ] {
        let answer = request(address, "POST", "/orders", wrong, body).await;
        if answer.head.starts_with("HTTP/1.1 400") && answer.body.is_empty() {
            continue; // no header value at all: hyper itself refuses it
        }
        assert_problem(&answer, 415, "json.content_type");
    }
    for right in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/merge-patch+json",
    ] {
        let headers = format!("content-type: {right}\r\n");
        let answer = request(address, "POST", "/orders", &headers, body).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, "ana 3 true"),
            "{right}"
        );
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_declared_or_not() {
    let (_app, address) = start().await;
    let text = "x".repeat(LIMIT + 1);
    for (path, headers) in [("/orders", JSON), ("/text", "")] {
        let declared = request(address, "POST", path, headers, text.as_bytes()).await;
        assert_problem(&declared, 413, "too_large");
    }
    let chunked = |path: &str, headers: &str, size: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n{headers}\r\n\
             {size:x}\r\n{}\r\n0\r\n\r\n",
            "x".repeat(size)
        )
    };
    let over = LIMIT + 1;
    let answer = exchange(address, chunked("/orders", JSON, over).as_bytes()).await;
    assert_problem(&answer, 413, "too_large");
    // axum's own extractor: the same status, in axum's words.
    let answer = exchange(address, chunked("/text", "", over).as_bytes()).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    // What fits exactly is read.
    let answer = exchange(address, chunked("/text", "", over - 1).as_bytes()).await;
    assert_eq!((answer.status, answer.body.len()), (200, over - 1));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let (_app, address) = start().await;
    for path in [
        "/",
        "/nothing",
        "/orders/",
        "/orders/1/2",
        "/%00",
        "/orders%2F1",
    ] {
        for method in ["GET", "POST", "OPTIONS", "PATCH", "BREW"] {
            let answer = request(address, method, path, "", b"").await;
            assert_problem(&answer, 404, "not_found");
        }
        let answer = request(address, "HEAD", path, "", b"").await;
        assert_eq!((answer.status, &*answer.body), (404, ""));
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    for (path, allow) in [
        ("/orders", "GET,HEAD,POST"),
        ("/orders/7", "GET,HEAD"),
        ("/livez", "GET,HEAD"),
    ] {
        for method in ["DELETE", "OPTIONS", "BREW"] {
            let answer = request(address, method, path, "", b"").await;
            assert_problem(&answer, 405, "method_not_allowed");
            let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed.join(","), allow, "{method} {path}");
        }
    }
    let head = request(address, "HEAD", "/orders/7", "", b"").await;
    assert_eq!((head.status, &*head.body), (200, ""));
}

#[tokio::test]
async fn path_and_query_name_the_part_that_does_not_fit() {
    let (_app, address) = start().await;
    let table = [
        ("/orders/seven", "path.malformed", "id", "path.type"),
        ("/orders/-1", "path.malformed", "id", "path.type"),
        ("/orders/%ff", "path.malformed", "id", "path.utf8"),
        ("/evens/7", "path.malformed", "id", "path.value"),
        ("/pairs/a/70000", "path.malformed", "right", "path.type"),
        ("/shops/a/300", "path.malformed", "shelf", "path.type"),
        (
            "/orders?order=up&page=x",
            "query.malformed",
            "page",
            "query.field",
        ),
        (
            "/orders?order=sideways:%20or",
            "query.malformed",
            "order",
            "query.field",
        ),
        ("/orders?page=1", "query.malformed", "order", "required"),
        (
            "/orders?order=up&order=down",
            "query.malformed",
            "order",
            "duplicate",
        ),
        ("/orders", "query.malformed", "order", "required"),
    ];
    for (target, code, name, field_code) in table {
        let answer = request(address, "GET", target, "", b"").await;
        assert_problem(&answer, 400, code);
        let named = field(&answer);
        assert_eq!((&*named.0, &*named.1), (name, field_code), "{answer:?}");
    }
    for (target, body) in [
        ("/orders?order=down&page=2&other=x", "2 down"),
        ("/orders/7", "7"),
        ("/evens/8", "8"),
        ("/pairs/%2e%2e%2f/9", "../ 9"),
        ("/shops/a%20b/9", "a b 9"),
    ] {
        let answer = request(address, "GET", target, "", b"").await;
        assert_eq!((answer.status, &*answer.body), (200, body), "{target}");
    }
}

/// axum's extractors stay axum's: right status, plain text; the correlation id is in the header alone.
#[tokio::test]
async fn extractors_of_axum_answer_in_plain_text() {
    let (_app, address) = start().await;
    for (headers, body, status) in [(JSON, "{", 400), (JSON, "{}", 422), ("", "{}", 415)] {
        let answer = request(address, "POST", "/plain/orders", headers, body.as_bytes()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert!(!answer.header("x-correlation-id").is_empty());
    }
}

#[tokio::test]
async fn one_error_has_one_code_and_the_same_fields_on_both_protocols() {
    let (app, address) = start().await;
    let http = request(
        address,
        "GET",
        "/invalid",
        "x-correlation-id: order-7\r\n",
        b"",
    )
    .await;
    assert_problem(&http, 422, "account.invalid");
    assert_eq!(http.json()["correlation_id"], "order-7");

    let mut call = Request::new(pb::IncrementRequest::default());
    let id = "order-7".parse().expect("a value");
    call.metadata_mut().insert("x-correlation-id", id);
    let client = &mut pb::CounterClient::new(app.channel());
    let status = client.increment(call).await.expect_err("an error");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert_eq!(http.json()["detail"], status.message());
    let details = status.get_error_details();
    let info = details.error_info().expect("an error info");
    assert_eq!(http.json()["code"], *info.reason);
    let violations = &details.bad_request().expect("fields").field_violations;
    let told = &http.json()["errors"][0];
    assert_eq!(
        (&told["field"], &told["code"], &told["message"]),
        (
            &violations[0].field.clone().into(),
            &violations[0].reason.clone().into(),
            &violations[0].description.clone().into()
        )
    );
    assert!(!format!("{status:?}").contains("secret"), "{status:?}");
    // And back: what a gateway makes of the status is the same document.
    let back = Error::from_status(&status);
    assert_eq!(
        (back.kind(), back.code()),
        (Kind::Invalid, "account.invalid")
    );
    assert_eq!(back.fields(), invalid().fields());
    // A gRPC call to nowhere is a status as well.
    let nowhere = app_support::grpc(address, "/no.Such/Method", &[]).await;
    assert_eq!((nowhere.status, nowhere.grpc()), (StatusCode::OK, "12"));
}

/// Whatever is sent to whichever route: never a fault of ours, always an answer.
#[test]
fn random_bytes_are_never_an_internal_error() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let (app, address) = runtime.block_on(start());
    let targets = [
        "/orders",
        "/orders/",
        "/evens/",
        "/pairs/a/",
        "/shops/a/",
        "/text",
        "/plain/orders",
        "/orders?order=",
        "/",
        "/msf.test.v1.Counter/Increment",
        "/msf.test.v1.Counter/Sum",
        "/grpc.health.v1.Health/Check",
    ];
    let types = [
        "",
        JSON,
        "content-type: text/plain\r\n",
        "content-type: application/grpc\r\n",
    ];
    let input = (
        proptest::sample::select(targets.to_vec()),
        proptest::sample::select(vec!["GET", "POST", "PUT", "OPTIONS"]),
        proptest::sample::select(types.to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "[\\[\\]{}:,\"0-9a-z]{0,80}".prop_map(String::into_bytes),
        ],
    );
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(400)
    });
    let outcome = runner.run(&input, |(target, method, headers, tail, body)| {
        let mut target = target.to_owned();
        for byte in tail {
            write!(target, "%{byte:02x}").expect("a text takes all");
        }
        let answer = runtime.block_on(request(address, method, &target, headers, &body));
        prop_assert!(answer.status < 500, "{method} {target}: {answer:?}");
        // The codec's own word for a broken message is INTERNAL, as gRPC has it; a panic of ours would say "internal error".
        let told = answer.header("grpc-message").to_lowercase();
        prop_assert!(!told.contains("internal%20error"), "{answer:?}");
        Ok(())
    });
    outcome.expect("no fault of ours");
    let faults = runtime.block_on(async { app.requests() });
    assert!(faults.len() >= 400);
}
