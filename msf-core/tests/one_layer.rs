//! Each layer alone, on a router and a server that msf did not build, does its one thing.

#[path = "../examples/one_layer.rs"]
mod example;
mod support;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use support::capture::Captured;
use support::grpc::{ask, connect};
use tokio::net::TcpListener;
use tonic::Code;
use tonic_health::pb::health_client::HealthClient;
use tower::ServiceExt as _;

async fn send(app: Router, request: Request<Body>) -> Response<Body> {
    app.oneshot(request).await.unwrap()
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn ids() {
    let before = send(example::existing(), get("/")).await;
    assert!(!before.headers().contains_key("x-correlation-id"));
    let mut request = get("/");
    request
        .headers_mut()
        .insert("x-correlation-id", "order-7".parse().unwrap());
    let after = send(example::with_ids(example::existing()), request).await;
    assert_eq!(after.headers()["x-correlation-id"], "order-7");
}

#[tokio::test]
async fn log_lines() {
    let (captured, _guard) = Captured::start();
    let answer = send(example::with_log_lines(example::existing()), get("/")).await;
    axum::body::to_bytes(answer.into_body(), 64).await.unwrap();
    assert_eq!(captured.requests(1).await[0].field("route"), "/");
}

#[tokio::test(start_paused = true)]
async fn a_deadline() {
    let answer = send(example::with_a_deadline(example::existing()), get("/slow")).await;
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn bounds() {
    let app = example::with_bounds(example::existing());
    let post = Request::post("/echo").body(Body::from("x".repeat(64 * 1024 + 1)));
    let answer = send(app.clone(), post.unwrap()).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let answer = send(app.clone(), get("/panic")).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(send(app, get("/")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_rule_on_one_route() {
    let app = example::with_a_rule(example::existing());
    assert_eq!(
        send(app.clone(), get("/reports")).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let mut request = get("/reports");
    request
        .headers_mut()
        .insert("x-user", "ana".parse().unwrap());
    assert_eq!(send(app.clone(), request).await.status(), StatusCode::OK);
    assert_eq!(send(app, get("/")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn on_tonic() {
    let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (plain, ruled) = (bind().await, bind().await);
    let addresses = [plain.local_addr().unwrap(), ruled.local_addr().unwrap()];
    tokio::spawn(example::serve_with_ids(plain));
    tokio::spawn(example::serve_with_a_rule(ruled));

    let mut request = ask("");
    request
        .metadata_mut()
        .insert("x-correlation-id", "order-7".parse().unwrap());
    let answer = HealthClient::new(connect(addresses[0]).await)
        .check(request)
        .await
        .unwrap();
    assert_eq!(
        answer.metadata().get("x-correlation-id").unwrap(),
        "order-7"
    );

    let mut client = HealthClient::new(connect(addresses[1]).await);
    assert_eq!(
        client.check(ask("")).await.unwrap_err().code(),
        Code::Unauthenticated
    );
    let mut request = ask("");
    request
        .metadata_mut()
        .insert("x-user", "ana".parse().unwrap());
    assert!(client.check(request).await.is_ok());
}
