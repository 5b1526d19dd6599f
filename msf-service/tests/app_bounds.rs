//! Bounds and endings of a whole app that a caller or a component could try to get around.

mod app_support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app_support::exchange;
use futures_util::future::BoxFuture;
use msf_service::component::{Component, Life, Phase};
use msf_service::context::Context;
use msf_service::embed::Embed;
use msf_service::http::Routes;
use msf_service::settings::ByteSize;
use msf_service::{App, BoxError, Rule, axum};
use msf_testing::Start;

fn open() -> Rule<msf_service::access::Head> {
    Rule::public("a test")
}

/// A chunked body of `length` bytes that says it is of this type.
fn chunked(content_type: &str, length: usize) -> Vec<u8> {
    let head = format!(
        "POST /echo HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: {content_type}\r\n\
         transfer-encoding: chunked\r\n\r\n{length:x}\r\n"
    );
    let mut request = head.into_bytes();
    request.resize(request.len() + length, b'x');
    request.extend_from_slice(b"\r\n0\r\n\r\n");
    request
}

#[tokio::test]
async fn a_content_type_does_not_lift_the_body_limit() -> msf_service::Result<()> {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let echo = async move |body: axum::body::Bytes| {
        counter.store(body.len(), Ordering::SeqCst);
    };
    let app = App::new().http(Routes::new().post("/echo", open(), echo));
    let app = Start::named("app")
        .settings(|settings| settings.limits.body = ByteSize::kibibytes(1))
        .start(async move |_: msf_service::Boot<()>| Ok(app), ())
        .await?;
    let address = app.running().http();
    for content_type in ["text/plain", "application/grpc", "application/grpc+proto"] {
        let answer = exchange(address, &chunked(content_type, 700)).await;
        assert_eq!(
            (answer.status, read.load(Ordering::SeqCst)),
            (200, 700),
            "{content_type}"
        );
        let answer = exchange(address, &chunked(content_type, 4000)).await;
        assert_eq!(
            (answer.status, read.load(Ordering::SeqCst)),
            (413, 700),
            "{content_type}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_service_that_is_served_twice_is_an_error_and_no_panic() {
    let health = || msf_service::grpc::health_service(msf_service::health::Health::new(), ["a.B"]);
    let twice = Embed::new("twice")
        .start(App::new().grpc(health()).grpc(health()))
        .await;
    let told = twice
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(
        told.contains("`grpc.health.v1.Health` is served twice"),
        "{told}"
    );
}

#[tokio::test]
async fn a_failure_that_no_error_of_ours_tells_is_logged_as_one() -> msf_service::Result<()> {
    let routes = Routes::new()
        .get("/fails", open(), async || {
            axum::http::StatusCode::INTERNAL_SERVER_ERROR
        })
        .get("/works", open(), async || "fine");
    let app = App::new().http(routes);
    let app = msf_testing::start(async move |_: msf_service::Boot<()>| Ok(app), ()).await?;
    app.get("/fails").send().await;
    app.get("/works").send().await;
    let levels: Vec<_> = app
        .requests()
        .iter()
        .map(|line| line["level"].clone())
        .collect();
    assert_eq!(levels, ["ERROR", "INFO"]);
    Ok(())
}

/// Fails when it is asked to end.
struct FailsLate;

impl Component for FailsLate {
    fn name(&self) -> &'static str {
        "relay"
    }
    fn stops_in(&self) -> Phase {
        Phase::Messages
    }
    fn run(self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>> {
        Box::pin(async move {
            life.soft().await;
            Err("12 events are left".into())
        })
    }
}

#[tokio::test]
async fn what_fails_while_it_stops_is_told_and_any_grace_will_do() -> msf_service::Result<()> {
    let running = Embed::new("late")
        .start(App::new().component(FailsLate))
        .await?;
    let stopped = running.stop(Duration::MAX).await;
    assert_eq!(
        stopped.failed,
        ["component `relay` failed: 12 events are left"]
    );
    assert_eq!((stopped.cut, stopped.unfinished.len()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn an_app_that_is_dropped_gives_its_port_back() -> msf_service::Result<()> {
    let running = Embed::new("dropped").start(App::new()).await?;
    let address: SocketAddr = running.http();
    drop(running);
    let gone = async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await?;
    Ok(())
}

/// Notes whether the request's context is there when a stream is given up.
struct Guard(tokio::sync::mpsc::UnboundedSender<Option<String>>);

impl Drop for Guard {
    fn drop(&mut self) {
        let id = Context::with_current(|context| context.correlation_id().to_string());
        let _ = self.0.send(id);
    }
}

#[tokio::test]
async fn a_stream_that_is_given_up_ends_within_its_context() -> msf_service::Result<()> {
    let (sender, mut given_up) = tokio::sync::mpsc::unbounded_channel();
    let stream = async move || {
        let guard = Guard(sender.clone());
        let items = futures_util::stream::unfold(guard, async |guard| {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, BoxError>("tick\n"), guard))
        });
        axum::body::Body::from_stream(items)
    };
    let app = Embed::new("stream")
        .start(App::new().http(Routes::new().get("/", open(), stream)))
        .await?;
    let mut socket = tokio::net::TcpStream::connect(app.http()).await?;
    let request = b"GET / HTTP/1.1\r\nhost: test\r\nx-correlation-id: order-7\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut socket, request).await?;
    tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 64]).await?;
    drop(socket);
    let id = tokio::time::timeout(Duration::from_secs(5), given_up.recv()).await?;
    assert_eq!(id, Some(Some("order-7".to_owned())));
    Ok(())
}
