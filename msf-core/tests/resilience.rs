//! Deadlines, the bound on requests in hand, bodies that are too large, and panics.

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use futures_util::{FutureExt as _, poll};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use msf_core::context::{Context, ContextLayer, Deadline};
use msf_core::resilience::{BodyLimitLayer, CatchPanicLayer, DeadlineLayer, InFlightLayer};
use support::capture::{Captured, until};
use support::http::{send, start};
use support::stack::{Stack, stack};
use tokio::sync::Semaphore;
use tokio::time::{Instant, advance, sleep};
use tonic::Status;
use tonic_types::StatusExt as _;
use tower::ServiceExt as _;

/// Counts how often a handler was begun and how many of its futures are there still.
#[derive(Clone, Default)]
struct Work {
    begun: Arc<AtomicUsize>,
    alive: Arc<AtomicUsize>,
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Work {
    fn begin(&self) -> Alive {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.alive.fetch_add(1, Ordering::SeqCst);
        Alive(Arc::clone(&self.alive))
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }
}

/// A router whose every path is answered by `handler`.
fn app<F, R>(layers: Stack, handler: F) -> Router
where
    F: Fn(Request<Body>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    Router::new().fallback(handler).layer(layers)
}

fn asking(headers: &[(&str, &str)]) -> Request<Body> {
    support::http::request("GET", "/", headers)
}

async fn call(app: &Router, headers: &[(&str, &str)]) -> Response {
    app.clone().oneshot(asking(headers)).await.unwrap()
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// The items of a body, the status in its trailers, and the error that it failed with.
async fn read(answer: Response) -> (usize, Option<Status>, Option<String>) {
    let (mut items, mut status) = (0, None);
    let mut body = answer.into_body();
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_trailers) {
            Ok(Ok(trailers)) => status = Status::from_header_map(&trailers),
            Ok(Err(_data)) => items += 1,
            Err(error) => return (items, status, Some(error.to_string())),
        }
    }
    (items, status, None)
}

/// A body of `count` items, each `every` after the one before.
fn ticking(count: usize, every: Duration, alive: Alive) -> Response {
    let items = stream::iter(0..count).then(move |_| {
        let _ = &alive;
        sleep(every).map(|()| Ok::<_, Infallible>(Bytes::from_static(b"item")))
    });
    Response::new(Body::from_stream(items))
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_handler_in_either_protocol() {
    let work = Work::default();
    let handler = {
        let work = work.clone();
        move |_| {
            let alive = work.begin();
            async move {
                sleep(Duration::from_secs(3600)).await;
                drop(alive);
                Response::default()
            }
        }
    };
    let app = app(stack("slow"), handler);
    let table: [(&[(&str, &str)], u128); 5] = [
        (&[("x-deadline-ms", "200")], 200),
        (&[("grpc-timeout", "300m")], 300),
        (&[("grpc-timeout", "300m"), ("x-deadline-ms", "100")], 100),
        (&[("x-deadline-ms", "60000")], 10_000),
        (&[], 10_000),
    ];
    for (index, (headers, millis)) in table.into_iter().enumerate() {
        let began = Instant::now();
        let answer = call(&app, headers).await;
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
        let took = began.elapsed().as_millis();
        assert!(
            (millis..millis + 2).contains(&took),
            "{took} ms, not {millis} ms"
        );
        assert_eq!(
            (work.begun(), work.alive()),
            (2 * index + 1, 0),
            "the work is dropped"
        );

        let began = Instant::now();
        let answer = call(&app, &[headers, &[GRPC]].concat()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
        let took = began.elapsed().as_millis();
        assert!(
            (millis..millis + 2).contains(&took),
            "{took} ms, not {millis} ms"
        );
        assert_eq!(work.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_work_is_dropped_before_the_answer_is_there() {
    let work = Work::default();
    let mut service = tower_layer::Layer::layer(
        &DeadlineLayer::new(),
        tower::service_fn(|_: Request<Body>| {
            let alive = work.begin();
            async move {
                let _alive = alive;
                std::future::pending::<Result<Response, Infallible>>().await
            }
        }),
    );
    let mut request = asking(&[]);
    let deadline = Deadline::after(Duration::from_millis(200)).unwrap();
    request
        .extensions_mut()
        .insert(Context::root().with_deadline(deadline));
    let mut call = Box::pin(tower_service::Service::call(&mut service, request));
    assert!(poll!(&mut call).is_pending());
    assert_eq!(work.alive(), 1);
    advance(Duration::from_millis(250)).await;
    assert!(poll!(&mut call).is_ready());
    assert_eq!(work.alive(), 0, "though the future is still held");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_on_arrival_runs_nothing() {
    let work = Work::default();
    let handler = {
        let work = work.clone();
        move |_| {
            work.begin();
            async { Response::default() }
        }
    };
    let app = app(stack("late"), handler);
    let answer = call(&app, &[("x-deadline-ms", "0")]).await;
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    let answer = call(&app, &[("grpc-timeout", "0n"), GRPC]).await;
    assert_eq!(
        Status::from_header_map(answer.headers()).unwrap().code(),
        tonic::Code::DeadlineExceeded
    );
    assert_eq!(work.begun(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_default_ends_with_the_head_and_a_given_deadline_with_the_body() {
    let work = Work::default();
    let handler = {
        let work = work.clone();
        move |_| {
            let alive = work.begin();
            async move { ticking(5, Duration::from_secs(8), alive) }
        }
    };
    let app = app(stack("stream"), handler);
    let (items, _, error) = read(call(&app, &[]).await).await;
    assert_eq!(
        (items, error),
        (5, None),
        "40 s are more than the default of 10 s"
    );

    let began = Instant::now();
    let (items, _, error) = read(call(&app, &[("x-deadline-ms", "20000")]).await).await;
    assert_eq!(items, 2);
    assert!(
        error.unwrap().contains("deadline"),
        "an HTTP body must not look complete"
    );
    assert_eq!(began.elapsed().as_secs(), 20);
    assert_eq!(work.alive(), 0);

    let (items, status, error) = read(call(&app, &[("x-deadline-ms", "20000"), GRPC]).await).await;
    assert_eq!((items, error), (2, None));
    let status = status.unwrap();
    assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
    assert_eq!(
        status.get_error_details().error_info().unwrap().reason,
        "deadline_exceeded"
    );
    assert!(status.metadata().is_empty(), "{:?}", status.metadata());
    assert_eq!(work.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_never_idle_ends_at_the_deadline_too() {
    let handler = |_| async {
        let busy = stream::repeat(Ok::<_, Infallible>(Bytes::from_static(b"item")));
        Response::new(Body::from_stream(busy))
    };
    let app = app(stack("busy"), handler);
    let mut body = call(&app, &[("x-deadline-ms", "200")]).await.into_body();
    for _ in 0..3 {
        body.frame().await.unwrap().unwrap();
        advance(Duration::from_millis(60)).await;
    }
    advance(Duration::from_millis(60)).await;
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_whole_at_the_last_moment_is_not_cut() {
    let app = app(stack("whole"), |_| async {
        Response::new(Body::from("whole"))
    });
    let answer = call(&app, &[("x-deadline-ms", "200")]).await;
    advance(Duration::from_millis(300)).await;
    let (items, _, error) = read(answer).await;
    assert_eq!((items, error), (1, None));
}

/// One request in hand that holds the only permit until `gate` opens, and a queue of `queue`.
fn one_at_a_time(queue: usize) -> (Router, Work, Arc<Semaphore>) {
    let (work, gate) = (Work::default(), Arc::new(Semaphore::new(0)));
    let handler = {
        let (work, gate) = (work.clone(), Arc::clone(&gate));
        move |_| {
            let (alive, gate) = (work.begin(), Arc::clone(&gate));
            async move {
                gate.acquire().await.unwrap().forget();
                drop(alive);
                Response::new(Body::from("done"))
            }
        }
    };
    let mut layers = stack("queue");
    layers.0 = ContextLayer::new();
    layers.4 = InFlightLayer::with_queue(1, queue);
    (app(layers, handler), work, gate)
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_in_the_queue_is_answered_without_the_handler() {
    let (app, work, gate) = one_at_a_time(10);
    let mut first = Box::pin(call(&app, &[]));
    assert!(poll!(&mut first).is_pending());
    let began = Instant::now();
    let waits = [
        &[("x-deadline-ms", "200")][..],
        &[("x-deadline-ms", "200"), GRPC],
    ];
    let answers = join_all(waits.map(|headers| call(&app, headers))).await;
    assert_eq!(answers[0].status(), StatusCode::GATEWAY_TIMEOUT);
    let status = Status::from_header_map(answers[1].headers()).unwrap();
    assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
    assert!((200..202).contains(&began.elapsed().as_millis()));
    assert_eq!(work.begun(), 1);
    gate.add_permits(1);
    assert_eq!(first.await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_comes_with_the_end_of_the_deadline_runs_nothing() {
    let (app, work, gate) = one_at_a_time(10);
    let mut first = Box::pin(call(&app, &[]));
    assert!(poll!(&mut first).is_pending());
    let mut second = Box::pin(call(&app, &[("x-deadline-ms", "200")]));
    assert!(poll!(&mut second).is_pending());
    advance(Duration::from_millis(250)).await;
    gate.add_permits(1);
    drop(first.await);
    assert_eq!(second.await.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(work.begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_beyond_the_queue_is_shed_and_told_when_to_come_back() {
    let (app, work, gate) = one_at_a_time(2);
    let mut admitted: Vec<_> = (0..3).map(|_| Box::pin(call(&app, &[]))).collect();
    for request in &mut admitted {
        assert!(poll!(request).is_pending());
    }
    let shed = call(&app, &[]).now_or_never().expect("an answer at once");
    assert_eq!(shed.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(shed.headers()["retry-after"], "1");
    let shed = call(&app, &[GRPC])
        .now_or_never()
        .expect("an answer at once");
    let status = Status::from_header_map(shed.headers()).unwrap();
    assert_eq!(status.code(), tonic::Code::ResourceExhausted);
    let retry = status.get_error_details().retry_info().unwrap().retry_delay;
    assert_eq!(retry, Some(Duration::from_secs(1)));
    assert_eq!(work.begun(), 1);
    gate.add_permits(3);
    for answer in join_all(
        admitted
            .into_iter()
            .map(|request| async { read(request.await).await }),
    )
    .await
    {
        assert_eq!(answer.0, 1);
    }
    assert_eq!(work.begun(), 3, "those in the queue had their turn");
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_held_until_the_body_is_over() {
    let handler = |_| async {
        let items = stream::repeat(Ok::<_, Infallible>(Bytes::from_static(b"item"))).take(2);
        Response::new(Body::from_stream(items))
    };
    let mut layers = stack("stream");
    layers.4 = InFlightLayer::with_queue(1, 0);
    let app = app(layers, handler);
    for _ in 0..3 {
        let mut open = call(&app, &[]).await.into_body();
        open.frame().await.unwrap().unwrap();
        assert_eq!(
            call(&app, &[]).await.status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
        drop(open);
        let whole = call(&app, &[]).await;
        assert_eq!(read(whole).await.0, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn waiters_that_give_up_leave_their_place() {
    let (app, work, gate) = one_at_a_time(1);
    let mut first = Box::pin(call(&app, &[]));
    assert!(poll!(&mut first).is_pending());
    for round in 0..1_000 {
        let mut gone = Box::pin(call(&app, &[]));
        assert!(poll!(&mut gone).is_pending(), "shed in round {round}");
        assert_eq!(
            call(&app, &[]).await.status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
    let last = Box::pin(call(&app, &[]));
    gate.add_permits(2);
    let answers = join_all([first, last].map(|request| async { read(request.await).await })).await;
    assert!(answers.iter().all(|(items, ..)| *items == 1));
    assert_eq!(work.begun(), 2);

    // A request that is given up while it runs gives its permit back.
    for _ in 0..1_000 {
        let mut gone = Box::pin(call(&app, &[]));
        assert!(poll!(&mut gone).is_pending());
    }
    gate.add_permits(1);
    assert_eq!(call(&app, &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn fifty_connections_share_one_count() {
    const LIMIT: usize = 5;
    let (work, gate) = (Work::default(), Arc::new(Semaphore::new(0)));
    let handler = {
        let (work, gate) = (work.clone(), Arc::clone(&gate));
        move |_| {
            let (alive, gate) = (work.begin(), Arc::clone(&gate));
            async move {
                gate.acquire().await.unwrap().forget();
                drop(alive);
                Response::default()
            }
        }
    };
    let mut layers = stack("many");
    layers.4 = InFlightLayer::with_queue(LIMIT, LIMIT);
    let addr = start(app(layers, handler)).await;
    let calls: Vec<_> = (0..50)
        .map(|_| tokio::spawn(send(addr, asking(&[]))))
        .collect();
    until("40 answers", || {
        calls.iter().filter(|call| call.is_finished()).count() == 40
    })
    .await;
    assert_eq!((work.begun(), work.alive()), (LIMIT, LIMIT));
    gate.add_permits(2 * LIMIT);
    let replies = join_all(calls).await;
    let ok = replies
        .iter()
        .filter(|reply| reply.as_ref().unwrap().status == StatusCode::OK)
        .count();
    assert_eq!((ok, work.begun()), (2 * LIMIT, 2 * LIMIT));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_by_its_length_and_by_reading() {
    let reading = |body: Bytes| async move { body.len().to_string() };
    let app = Router::new()
        .route("/read", axum::routing::post(reading))
        .route("/ignore", axum::routing::post(|| async { "not read" }))
        .layer(stack("bodies"));
    let addr = start(app).await;
    let post = |path: &str, size: usize, chunked: bool| {
        let bytes = vec![b'x'; size];
        let body = if chunked {
            let chunks: Vec<_> = bytes.chunks(100).map(Bytes::copy_from_slice).collect();
            Body::from_stream(stream::iter(chunks.into_iter().map(Ok::<_, Infallible>)))
        } else {
            Body::from(bytes)
        };
        Request::post(path)
            .header("host", "test")
            .body(body)
            .unwrap()
    };
    for chunked in [false, true] {
        let reply = send(addr, post("/read", 1024, chunked)).await;
        assert_eq!((reply.status, reply.text()), (StatusCode::OK, "1024"));
        let reply = send(addr, post("/read", 1025, chunked)).await;
        assert_eq!(
            reply.status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "chunked: {chunked}"
        );
    }
    let reply = send(addr, post("/ignore", 1025, false)).await;
    assert_eq!(reply.json()["code"], "too_large", "before the handler");
}

#[tokio::test]
async fn a_grpc_body_has_the_bound_of_its_messages_instead() {
    let handler = |request: Request<Body>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Response::new(Body::from(body.len().to_string()))
    };
    let app = Router::new()
        .fallback(handler)
        .layer(BodyLimitLayer::new(16).except_grpc());
    let request = Request::post("/")
        .header(GRPC.0, GRPC.1)
        .body(Body::from(vec![0; 64]))
        .unwrap();
    let answer = app.oneshot(request).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "64");
}

const SECRET: &str = "index 7 of customer table";

fn assert_internal<B>(answer: &http::Response<B>, grpc: bool) {
    if grpc {
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(
            (answer.status(), status.code()),
            (StatusCode::OK, tonic::Code::Internal)
        );
        assert!(!format!("{status:?}").contains("customer"));
    } else {
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn a_panic_in_call_or_poll_is_an_answer() {
    let in_call = CatchPanicLayer::new();
    let in_call = tower_layer::Layer::layer(
        &in_call,
        tower::service_fn(
            |_: Request<Body>| -> std::future::Ready<Result<Response, Infallible>> {
                panic!("{SECRET}")
            },
        ),
    );
    let in_poll = app(stack("panic"), |_| async { panic!("{SECRET}") });
    for grpc in [false, true] {
        let headers = if grpc { &[GRPC][..] } else { &[] };
        let answer = in_call.oneshot(asking(headers)).await.unwrap();
        assert_internal(&answer, grpc);
        let answer = call(&in_poll, headers).await;
        assert_internal(&answer, grpc);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&body).contains("customer"));
    }
}

#[tokio::test]
async fn a_panic_in_a_body_ends_that_body_and_is_logged_with_its_cause() {
    let (captured, _guard) = Captured::start();
    let mut layers = stack("panic");
    layers.4 = InFlightLayer::with_queue(1, 0);
    let app = app(layers, |_| async {
        let mut polls = 0;
        let items = stream::poll_fn(move |_| {
            polls += 1;
            assert!(polls < 2, "{SECRET}");
            std::task::Poll::Ready(Some(Ok::<_, Infallible>(Bytes::from_static(b"item"))))
        });
        Response::new(Body::from_stream(items))
    });
    let (items, _, error) = read(call(&app, &[]).await).await;
    assert_eq!(
        (items, error.as_deref()),
        (1, Some("internal error (internal)"))
    );
    let (items, status, error) = read(call(&app, &[GRPC]).await).await;
    assert_eq!((items, error), (1, None));
    let status = status.unwrap();
    assert_eq!(status.code(), tonic::Code::Internal);
    assert!(!format!("{status:?}").contains("customer"));
    for line in captured.requests(2).await {
        assert_eq!(line.level, tracing::Level::ERROR);
        assert!(line.field("cause").contains(SECRET), "{line:?}");
    }
}

#[tokio::test]
async fn after_a_hundred_panics_every_permit_is_back() {
    let mut layers = stack("panic");
    layers.4 = InFlightLayer::with_queue(3, 0);
    let app = app(layers, |request: Request<Body>| async move {
        assert!(!request.headers().contains_key("x-panic"), "{SECRET}");
        Response::default()
    });
    for _ in 0..100 {
        let answer = call(&app, &[("x-panic", "now")]).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_eq!(call(&app, &[]).await.status(), StatusCode::OK);
}
