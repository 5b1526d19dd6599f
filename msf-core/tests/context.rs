//! The context over real hops: correlation id, trace, a deadline that shrinks, and cancellation.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use msf_core::context::{CarrierMut, Context, Deadline, TraceContext};
use msf_core::error::Error;
use msf_core::observe::{in_service, service_name};
use proptest::prelude::*;
use support::capture::until;
use support::grpc::{Scripted, ask, serving};
use support::http::{get as fetch, request, start};
use support::stack::stack;
use tokio::time::{Instant, sleep};
use tonic::metadata::MetadataMap;
use tonic_health::pb::health_client::HealthClient;

/// What one hop saw of its context.
#[derive(Clone, Debug)]
struct Seen {
    hop: &'static str,
    left: Option<Duration>,
    correlation_id: String,
    trace: TraceContext,
}

#[derive(Clone, Default)]
struct Journey {
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Handlers that have begun and were not dropped.
    alive: Arc<AtomicUsize>,
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Journey {
    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }

    fn enter(&self, hop: &'static str) -> (Context, Alive) {
        let context = Context::current().unwrap();
        self.seen().push(Seen {
            hop,
            left: context.deadline().map(Deadline::remaining),
            correlation_id: context.correlation_id().to_string(),
            trace: context.trace().clone(),
        });
        self.alive.fetch_add(1, Ordering::SeqCst);
        (context, Alive(Arc::clone(&self.alive)))
    }

    fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }
}

/// Gateway (HTTP), front (HTTP) and back (gRPC), each of which works 20 ms before it calls on; the back works for `work`.
async fn three_hops(work: Duration) -> (SocketAddr, Journey) {
    let journey = Journey::default();
    let back = {
        let journey = journey.clone();
        Scripted::new().check(move |_| {
            let (_, alive) = journey.enter("back");
            async move {
                sleep(work).await;
                drop(alive);
                Ok(serving())
            }
        })
    };
    let back = support::grpc::start(stack("back"), back.server()).await;
    let channel = support::grpc::connect(back).await;
    let front = {
        let journey = journey.clone();
        get(move || async move {
            let (context, _alive) = journey.enter("front");
            sleep(Duration::from_millis(20)).await;
            let mut request = ask("");
            context.child().inject(request.metadata_mut())?;
            let answer = HealthClient::new(channel).check(request).await;
            answer
                .map(|_| "served")
                .map_err(|status| Error::from_status(&status))
        })
    };
    let front = start(Router::new().route("/", front).layer(stack("front"))).await;
    let gateway = {
        let journey = journey.clone();
        get(move || async move {
            let (context, _alive) = journey.enter("gateway");
            sleep(Duration::from_millis(20)).await;
            let mut request = request("GET", "/", &[]);
            context.child().inject(request.headers_mut())?;
            let reply = support::http::send(front, request).await;
            Ok::<_, Error>((reply.status, reply.text().to_owned()))
        })
    };
    let gateway = start(Router::new().route("/", gateway).layer(stack("gateway"))).await;
    (gateway, journey)
}

#[tokio::test]
async fn a_deadline_shrinks_at_each_hop_and_an_absent_one_is_the_default() {
    let (gateway, journey) = three_hops(Duration::ZERO).await;
    let table: [(&[(&str, &str)], u64); 4] = [
        (&[("x-deadline-ms", "200")], 200),
        (&[("grpc-timeout", "200m")], 200),
        (&[], 10_000),
        (&[("x-deadline-ms", "60000")], 10_000),
    ];
    for (headers, millis) in table {
        journey.seen().clear();
        let reply = fetch(gateway, "/", headers).await;
        assert_eq!(
            (reply.status, reply.text()),
            (StatusCode::OK, "served"),
            "{headers:?}"
        );
        let seen = journey.seen().clone();
        assert_eq!(
            seen.iter().map(|seen| seen.hop).collect::<Vec<_>>(),
            ["gateway", "front", "back"]
        );
        let left: Vec<_> = seen.iter().map(|seen| seen.left.unwrap()).collect();
        assert!(left[0] <= Duration::from_millis(millis), "{left:?}");
        assert!(left[0] > Duration::from_millis(millis - 100), "{left:?}");
        for pair in left.windows(2) {
            assert!(pair[1] + Duration::from_millis(20) <= pair[0], "{left:?}");
        }
    }
}

#[tokio::test]
async fn a_deadline_ends_the_work_of_all_hops() {
    let (gateway, journey) = three_hops(Duration::from_secs(3600)).await;
    let began = Instant::now();
    let reply = fetch(gateway, "/", &[("x-deadline-ms", "200")]).await;
    assert_eq!(reply.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    until("the end of all work", || journey.alive() == 0).await;
    assert_eq!(journey.seen().len(), 3);
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_work_of_all_hops() {
    let (gateway, journey) = three_hops(Duration::from_secs(3600)).await;
    let mut connection = support::http::connect(gateway).await;
    let call = tokio::spawn(async move { connection.send_request(request("GET", "/", &[])).await });
    until("work at all hops", || journey.alive() == 3).await;
    call.abort();
    until("the end of all work", || journey.alive() == 0).await;
}

#[tokio::test]
async fn id_and_trace_are_the_same_at_each_hop_and_each_span_has_the_one_before_as_its_parent() {
    let (gateway, journey) = three_hops(Duration::ZERO).await;
    let headers = [
        ("x-correlation-id", "order-7"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("tracestate", "vendor=1"),
    ];
    fetch(gateway, "/", &headers).await;
    let seen = journey.seen().clone();
    assert_eq!(
        seen[0].trace.parent_id().unwrap().to_string(),
        "b7ad6b7169203331"
    );
    for hop in &seen {
        assert_eq!(hop.correlation_id, "order-7");
        assert_eq!(
            hop.trace.trace_id().to_string(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(hop.trace.state(), Some("vendor=1"));
    }
    for pair in seen.windows(2) {
        assert_ne!(pair[0].trace.span_id(), pair[1].trace.span_id());
        // Between two hops lies the span of the call itself.
        assert_ne!(pair[1].trace.parent_id(), pair[0].trace.parent_id());
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_is_not_sent() {
    let deadline = Deadline::after(Duration::from_millis(50)).unwrap();
    let context = Context::root().with_deadline(deadline);
    let mut headers = HeaderMap::new();
    context.inject(&mut headers).unwrap();
    assert_eq!(
        (&headers["x-deadline-ms"], &headers["grpc-timeout"]),
        (&"50".parse().unwrap(), &"50000000n".parse().unwrap())
    );
    tokio::time::advance(Duration::from_millis(50)).await;
    let mut headers = HeaderMap::new();
    assert!(context.inject(&mut headers).is_err());
    assert!(headers.is_empty(), "nothing half written: {headers:?}");
    let later = context.with_deadline(Deadline::after(Duration::from_secs(9)).unwrap());
    assert!(
        later.inject(&mut headers).is_err(),
        "a deadline never grows"
    );
}

#[tokio::test]
async fn a_task_keeps_the_context_only_if_it_was_started_with_it() {
    let context = Context::root();
    let id = *context.correlation_id();
    let work = async {
        let plain = tokio::spawn(async { Context::current().is_none() });
        assert!(plain.await.unwrap());
        let kept = Context::current().unwrap().spawn(async {
            (
                *Context::current().unwrap().correlation_id(),
                service_name(),
            )
        });
        kept.await.unwrap()
    };
    let (kept, service) = in_service("shop".into(), context.scope(work)).await;
    assert_eq!((kept, service.as_deref()), (id, Some("shop")));
    assert!(Context::current().is_none());
}

#[tokio::test]
async fn the_body_of_an_answer_is_produced_within_its_context() {
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                Body::from_stream(futures_util::stream::poll_fn({
                    let mut left = 2;
                    move |_| {
                        left -= 1;
                        let id =
                            Context::current().map(|context| context.correlation_id().to_string());
                        std::task::Poll::Ready(
                            (left >= 0).then_some(Ok::<_, Error>(id.unwrap_or_default())),
                        )
                    }
                }))
            }),
        )
        .layer(stack("stream"));
    let reply = fetch(start(app).await, "/", &[("x-correlation-id", "order-7")]).await;
    assert_eq!(reply.text(), "order-7order-7");
}

fn crosses(context: &Context, arrived: &Context) {
    assert_eq!(arrived.correlation_id(), context.correlation_id());
    assert_eq!(arrived.trace().trace_id(), context.trace().trace_id());
    assert_eq!(arrived.trace().parent_id(), Some(context.trace().span_id()));
    assert!(
        arrived.principal().is_none(),
        "an identity is never taken from a header"
    );
}

proptest! {
    #[test]
    fn a_context_crosses_headers_metadata_and_the_attributes_of_an_event(
        id in "[A-Za-z0-9._:-]{1,64}",
        millis in proptest::option::of(50u64..100_000_000_000),
    ) {
        let arrived = BTreeMap::from([("x-correlation-id".to_owned(), id.clone())]);
        let mut context = Context::extract(&arrived);
        prop_assert_eq!(context.correlation_id().as_str(), &id);
        let deadline = millis.and_then(|millis| Deadline::after(Duration::from_millis(millis)));
        if let Some(deadline) = deadline {
            context = context.with_deadline(deadline);
        }
        let (mut headers, mut metadata, mut event) = (HeaderMap::new(), MetadataMap::new(), BTreeMap::new());
        context.inject(&mut headers).unwrap();
        context.inject(&mut metadata).unwrap();
        context.inject(&mut event).unwrap();
        let far = [Context::extract(&headers), Context::extract(&metadata), Context::extract(&event)];
        for arrived in &far {
            crosses(&context, arrived);
            prop_assert_eq!(arrived.deadline().is_some(), deadline.is_some());
        }
    }

    #[test]
    fn whatever_arrives_a_context_is_made_of_it(
        id in "\\PC{0,80}",
        timeout in "[0-9]{0,10}[HMSmunx]?",
        parent in "[0-9a-f-]{0,60}",
    ) {
        let mut event = BTreeMap::new();
        event.set("x-correlation-id", &id);
        event.set("grpc-timeout", &timeout);
        event.set("x-deadline-ms", &timeout);
        event.set("traceparent", &parent);
        let context = Context::extract(&event);
        let id = context.correlation_id().as_str();
        prop_assert!((1..=64).contains(&id.len()));
        prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte)));
        let _ = context.inject(&mut HeaderMap::new());
    }
}
