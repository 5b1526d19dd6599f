//! One log line and one measurement for each request, however it ends.

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::routing::get;
use futures_util::future::{join_all, pending};
use futures_util::stream::{self, StreamExt as _};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use msf_core::context::Context;
use msf_core::error::{Error, Kind};
use msf_core::observe::service_name;
use support::capture::{Captured, counts};
use support::grpc::{Scripted, ask, item};
use support::http::{get as fetch, request, send, start};
use support::stack::stack;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic_health::pb::health_client::HealthClient;
use tower::ServiceExt as _;
use tracing::Level;

const HTTP: &str = "http_server_request_duration_seconds";
const RPC: &str = "rpc_server_duration_seconds";

fn recorder() -> PrometheusRecorder {
    PrometheusBuilder::new().build_recorder()
}

fn streaming(count: usize) -> Body {
    let items = stream::repeat(Ok::<_, Infallible>(Bytes::from_static(b"item")));
    Body::from_stream(items.take(count))
}

async fn panics() {
    panic!("index 7 of customer table")
}

fn shop() -> Router {
    Router::new()
        .route("/orders/{id}", get(|Path(id): Path<String>| async { id }))
        .route("/livez", get(|| async { "OK" }))
        .route("/stream", get(|| async { streaming(3) }))
        .route("/endless", get(|| async { streaming(usize::MAX) }))
        .route(
            "/download",
            get(|| async { ([("content-length", "12")], streaming(3)) }),
        )
        .route("/hang", get(pending::<()>))
        .route(
            "/missing",
            get(|| async { Error::new(Kind::NotFound, "order.unknown", "no such order") }),
        )
        .route(
            "/broken",
            get(|| async { Error::internal("connect db-7.internal: refused") }),
        )
        .route("/panic", get(panics))
        .layer(stack("shop"))
}

const KEYS: [&str; 7] = [
    "duration_ms",
    "message",
    "method",
    "principal",
    "protocol",
    "route",
    "status",
];

#[tokio::test]
async fn a_line_has_exactly_the_keys_that_scripts_rely_on() {
    let (captured, _guard) = Captured::start();
    let addr = start(shop()).await;
    let headers = [
        ("x-correlation-id", "order-7"),
        ("authorization", "user:ana"),
    ];
    let with = |more: &[&'static str]| {
        let mut keys = [&KEYS[..], more].concat();
        keys.sort_unstable();
        keys
    };
    let table = [
        ("/orders/1", "/orders/{id}", "200", Level::INFO, with(&[])),
        ("/livez", "/livez", "200", Level::DEBUG, with(&[])),
        ("/stream", "/stream", "200", Level::INFO, with(&[])),
        ("/missing", "/missing", "404", Level::INFO, with(&["code"])),
        (
            "/broken",
            "/broken",
            "500",
            Level::ERROR,
            with(&["cause", "code"]),
        ),
        (
            "/panic",
            "/panic",
            "500",
            Level::ERROR,
            with(&["cause", "code"]),
        ),
        (
            "/no/such/path?token=s3cret",
            "unmatched",
            "404",
            Level::INFO,
            with(&[]),
        ),
    ];
    for (index, (path, route, status, level, keys)) in table.into_iter().enumerate() {
        let reply = fetch(addr, path, &headers).await;
        assert!(!reply.text().contains("db-7") && !reply.text().contains("customer"));
        let line = captured.requests(index + 1).await.pop().unwrap();
        assert_eq!(line.keys(), keys, "{path}");
        assert_eq!((line.field("route"), line.field("status")), (route, status));
        assert_eq!((line.level, line.field("message")), (level, "request"));
        assert_eq!(
            (line.field("protocol"), line.field("method")),
            ("http", "GET")
        );
        assert!(line.field("duration_ms").parse::<f64>().unwrap() >= 0.0);
        assert_eq!(line.correlation_id.as_deref(), Some("order-7"));
        assert_eq!(line.service.as_deref(), Some("shop"));
        assert_eq!(line.field("principal"), "ana");
        assert!(!format!("{line:?}").contains("s3cret"));
    }
    let lines = captured.of("msf::request");
    assert!(
        lines[4]
            .field("cause")
            .contains("connect db-7.internal: refused")
    );
    assert!(
        lines[5]
            .field("cause")
            .contains("panicked: index 7 of customer table")
    );
}

#[tokio::test]
async fn a_thousand_paths_and_methods_make_no_new_series() {
    let recorder = recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let app = shop();
    for index in 0..1_000 {
        let path = format!("/{}/{index}", uuid::Uuid::new_v4());
        let answer = app
            .clone()
            .oneshot(request("GET", &path, &[]))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let known = format!("/orders/{index}");
        app.clone()
            .oneshot(request("GET", &known, &[]))
            .await
            .unwrap();
        let method = format!("BREW{index}");
        app.clone()
            .oneshot(request(&method, "/orders/1", &[]))
            .await
            .unwrap();
    }
    let label = |method: &str, route: &str, status: &str| {
        format!(
            r#"{{service="shop",http_request_method="{method}",http_route="{route}",http_response_status_code="{status}"}} 1000"#
        )
    };
    let expected = [
        label("GET", "/orders/{id}", "200"),
        label("GET", "unmatched", "404"),
        label("other", "/orders/{id}", "405"),
    ];
    assert_eq!(counts(&recorder.handle(), HTTP), expected);
}

#[tokio::test]
async fn a_thousand_rpc_paths_make_no_new_series() {
    let recorder = recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let app = Router::new()
        .fallback(|| async { Status::unimplemented("").into_http::<Body>() })
        .layer(stack("rpcs"));
    for index in 0..1_000 {
        let path = format!("/{}.Service/M{index}", uuid::Uuid::new_v4());
        let request = request("POST", &path, &[("content-type", "application/grpc")]);
        app.clone().oneshot(request).await.unwrap();
    }
    let expected = r#"{service="rpcs",rpc_service="unmatched",rpc_method="unmatched",rpc_grpc_status_code="12"} 1000"#;
    assert_eq!(counts(&recorder.handle(), RPC), [expected]);
}

#[tokio::test]
async fn a_client_that_goes_away_is_recorded_once_as_499() {
    let (captured, _guard) = Captured::start();
    let recorder = recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let addr = start(shop()).await;
    let mut connection = support::http::connect(addr).await;
    let answer = connection.send_request(request("GET", "/hang", &[]));
    assert!(
        tokio::time::timeout(Duration::from_millis(50), answer)
            .await
            .is_err()
    );
    drop(connection);
    let line = captured.requests(1).await.pop().unwrap();
    assert_eq!(
        (line.field("status"), line.field("aborted")),
        ("499", "true")
    );
    assert_eq!(line.field("route"), "/hang");
    fetch(addr, "/orders/1", &[]).await;
    captured.requests(2).await;
    let series = counts(&recorder.handle(), HTTP);
    assert!(
        series[0].ends_with(r#"http_route="/hang",http_response_status_code="499"} 1"#),
        "{series:?}"
    );
}

#[tokio::test]
async fn a_grpc_client_that_goes_away_is_recorded_once_as_cancelled() {
    let (captured, _guard) = Captured::start();
    let service = Scripted::new()
        .check(|_| pending())
        .watch(|_| stream::iter([Ok(item())]).chain(stream::pending()).boxed());
    let addr = support::grpc::start(stack("health"), service.server()).await;
    let mut client = HealthClient::new(support::grpc::connect(addr).await);
    let answer = client.check(ask(""));
    assert!(
        tokio::time::timeout(Duration::from_millis(50), answer)
            .await
            .is_err()
    );
    let line = captured.requests(1).await.pop().unwrap();
    assert_eq!((line.field("status"), line.field("aborted")), ("1", "true"));
    let mut stream = client.watch(ask("")).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    assert_eq!(captured.of("msf::request").len(), 1, "the stream is open");
    drop(stream);
    let line = captured.requests(2).await.pop().unwrap();
    assert_eq!((line.field("status"), line.field("aborted")), ("1", "true"));
}

#[tokio::test]
async fn a_stream_is_recorded_at_its_end_with_the_status_of_its_trailers() {
    let (captured, _guard) = Captured::start();
    let gate = Arc::new(Semaphore::new(0));
    let service = {
        let gate = Arc::clone(&gate);
        Scripted::new().watch(move |request| {
            let gate = Arc::clone(&gate);
            let end = async move {
                gate.acquire().await.unwrap().forget();
                match request.into_inner().service.as_str() {
                    "fails" => Some(Err(Status::not_found("no such service"))),
                    _ => None,
                }
            };
            let end = stream::once(end).filter_map(futures_util::future::ready);
            stream::iter([Ok(item()), Ok(item())]).chain(end).boxed()
        })
    };
    let addr = support::grpc::start(stack("health"), service.server()).await;
    let mut client = HealthClient::new(support::grpc::connect(addr).await);
    for (index, (what, status)) in [("fails", "5"), ("ends", "0")].into_iter().enumerate() {
        let mut stream = client.watch(ask(what)).await.unwrap().into_inner();
        for _ in 0..2 {
            stream.message().await.unwrap().unwrap();
        }
        assert_eq!(
            captured.of("msf::request").len(),
            index,
            "not before its end"
        );
        gate.add_permits(1);
        while let Ok(Some(_)) = stream.message().await {}
        let line = captured.requests(index + 1).await.pop().unwrap();
        assert_eq!(
            (line.field("protocol"), line.field("status")),
            ("grpc", status)
        );
        assert_eq!(line.field("aborted"), "");
    }
}

#[tokio::test]
async fn a_body_that_was_given_up_is_flagged_and_one_that_was_sent_is_not() {
    let (captured, _guard) = Captured::start();
    let addr = start(shop()).await;
    let reply = send(addr, request("HEAD", "/orders/1", &[])).await;
    assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
    assert_eq!(
        send(addr, request("HEAD", "/stream", &[])).await.status,
        StatusCode::OK
    );
    let reply = fetch(addr, "/download", &[]).await;
    assert_eq!(reply.header("content-length"), "12");
    assert_eq!(reply.text(), "itemitemitem");
    for line in captured.requests(3).await {
        assert_eq!(line.field("aborted"), "", "{line:?}");
    }
    let mut connection = support::http::connect(addr).await;
    let answer = connection
        .send_request(request("GET", "/endless", &[]))
        .await
        .unwrap();
    let mut body = answer.into_body();
    body.frame().await.unwrap().unwrap();
    drop((body, connection));
    let line = captured.requests(4).await.pop().unwrap();
    assert_eq!(
        (line.field("status"), line.field("aborted")),
        ("200", "true")
    );
}

#[tokio::test]
async fn a_grpc_call_that_no_grpc_server_answers_has_the_code_that_a_client_makes_of_it() {
    let (captured, _guard) = Captured::start();
    let app = Router::new()
        .route("/known", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .layer(stack("shop"));
    for (index, (path, code)) in [("/a.B/C", "12"), ("/known", "14")].into_iter().enumerate() {
        let request = request("GET", path, &[("content-type", "application/grpc")]);
        let answer = app.clone().oneshot(request).await.unwrap();
        answer.into_body().collect().await.unwrap();
        let line = captured.requests(index + 1).await.pop().unwrap();
        assert_eq!(line.field("status"), code);
    }
}

#[tokio::test]
async fn a_panic_in_a_grpc_method_is_internal_with_its_cause_in_the_log_alone() {
    let (captured, _guard) = Captured::start();
    let service = Scripted::new().check(|_| async { panic!("index 7 of customer table") });
    let addr = support::grpc::start(stack("health"), service.server()).await;
    let mut client = HealthClient::new(support::grpc::connect(addr).await);
    let status = client.check(ask("")).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Internal);
    assert!(!format!("{status:?}").contains("customer"));
    let line = captured.requests(1).await.pop().unwrap();
    assert_eq!((line.level, line.field("status")), (Level::ERROR, "13"));
    assert!(line.field("cause").contains("index 7 of customer table"));
}

/// Answers with what it finds to be its id and its service, before and after waits, in a task, and in its body.
async fn introspect(Path(turns): Path<usize>) -> Body {
    let says = || {
        let id = Context::current().map(|context| context.correlation_id().to_string());
        format!(
            "{}/{} ",
            service_name().as_deref().unwrap_or("-"),
            id.unwrap_or_default()
        )
    };
    let mut said = says();
    for _ in 0..turns {
        tokio::task::yield_now().await;
        said += &says();
    }
    let task = Context::current().unwrap().spawn(async move {
        tokio::task::yield_now().await;
        says()
    });
    said += &task.await.unwrap();
    let last = stream::once(async move {
        tokio::task::yield_now().await;
        says()
    });
    Body::from_stream(stream::iter([said]).chain(last).map(Ok::<_, Infallible>))
}

#[tokio::test]
async fn requests_and_services_at_once_do_not_mix() {
    let (captured, _guard) = Captured::start();
    let mut addrs = Vec::new();
    for service in ["left", "right"] {
        let app = Router::new()
            .route("/{turns}", get(introspect))
            .layer(stack(service));
        addrs.push((service, start(app).await));
    }
    let calls = (0..100).map(|index| {
        let (service, addr) = addrs[index % 2];
        async move {
            let id = format!("{service}-{index}");
            let token = format!("user:{id}");
            let headers = [
                ("x-correlation-id", id.as_str()),
                ("authorization", token.as_str()),
            ];
            let reply = fetch(addr, &format!("/{}", index % 7), &headers).await;
            let expected = format!("{service}/{id} ").repeat(index % 7 + 3);
            assert_eq!(reply.text(), expected);
        }
    });
    join_all(calls).await;
    let lines = captured.requests(100).await;
    for line in &lines {
        let id = line.correlation_id.as_deref().unwrap();
        assert_eq!(line.field("principal"), id);
        assert!(id.starts_with(line.service.as_deref().unwrap()));
    }
}

#[tokio::test]
async fn a_request_is_observed_without_a_context_layer_too() {
    let (captured, _guard) = Captured::start();
    let app = Router::new()
        .route("/orders/{id}", get(|| async { "order" }))
        .layer(msf_core::observe::ObserveLayer::new("bare"));
    let request = Request::get("/orders/1").body(Body::empty()).unwrap();
    let answer = app.oneshot(request).await.unwrap();
    answer.into_body().collect().await.unwrap();
    let line = captured.requests(1).await.pop().unwrap();
    assert_eq!(
        (line.field("route"), line.field("status")),
        ("unmatched", "200")
    );
    assert!(line.correlation_id.is_some());
}
