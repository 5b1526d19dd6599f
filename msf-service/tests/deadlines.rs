//! A gateway and a service behind it, over TCP and in process: deadlines shrink, cancellation arrives, the context is one.

mod app_support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app_support::{grpc, request};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use msf_core::context::Context;
use msf_core::error::Error;
use msf_service::client::Local;
use msf_service::prelude::*;
use msf_test_protos::pb::msf::{common::v1::Range, test::v1 as pb};
use msf_testing::{Start, Started};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// What the two services saw.
#[derive(Clone, Default)]
struct Seen(Arc<Inner>);

#[derive(Default)]
struct Inner {
    left: Mutex<Vec<(&'static str, Duration)>>,
    principals: Mutex<Vec<(&'static str, String)>>,
    entered: Notify,
    entries: AtomicUsize,
    dropped: Notify,
}

impl Seen {
    /// Notes what is left of the deadline and who calls.
    fn note(&self, hop: &'static str) {
        let context = Context::current().expect("a context");
        let left = context
            .deadline()
            .map_or(Duration::MAX, msf_core::context::Deadline::remaining);
        self.0.left.lock().expect("no panic").push((hop, left));
        let principal = context
            .principal()
            .map_or("", |principal| principal.subject());
        let mut principals = self.0.principals.lock().expect("no panic");
        principals.push((hop, principal.to_owned()));
    }

    fn left(&self, hop: &str) -> Duration {
        let left = self.0.left.lock().expect("no panic");
        left.iter()
            .find(|(name, _)| *name == hop)
            .expect("it was called")
            .1
    }

    /// Work that never ends by itself.
    async fn stuck(&self) {
        struct Guard(Seen);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.0.dropped.notify_one();
            }
        }
        let _guard = Guard(self.clone());
        self.0.entries.fetch_add(1, Ordering::SeqCst);
        self.0.entered.notify_one();
        std::future::pending::<()>().await;
    }

    async fn wait(&self, what: &str, notify: &Notify) {
        let waited = timeout(Duration::from_secs(5), notify.notified()).await;
        waited.unwrap_or_else(|_| panic!("{what} did not happen"));
    }
}

struct Users(Seen);

type Values = BoxStream<'static, Result<pb::Value, Status>>;

#[async_trait]
impl pb::Counter for Users {
    async fn increment(
        &self,
        request: Request<pb::IncrementRequest>,
    ) -> Result<Response<pb::Value>, Status> {
        self.0.note("users");
        if request.into_inner().account == "stuck" {
            self.0.stuck().await;
        }
        Ok(Response::new(pb::Value { value: 1 }))
    }

    type CountStream = Values;

    /// A value each 30 ms.
    async fn count(&self, request: Request<Range>) -> Result<Response<Values>, Status> {
        self.0.note("users");
        let Range { from, to } = request.into_inner();
        let values = stream::iter(from..=to).then(async |value| {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok(pb::Value {
                value: value.into(),
            })
        });
        Ok(Response::new(Box::pin(values)))
    }

    async fn sum(
        &self,
        _: Request<tonic::Streaming<pb::Value>>,
    ) -> Result<Response<pb::Value>, Status> {
        Ok(Response::new(pb::Value::default()))
    }

    type DoubleStream = Values;

    async fn double(
        &self,
        _: Request<tonic::Streaming<pb::Value>>,
    ) -> Result<Response<Values>, Status> {
        Ok(Response::new(stream::empty().boxed()))
    }
}

async fn users(boot: Boot<Seen>) -> msf_service::Result<App> {
    let access = pb::CounterAccess {
        increment: Rule::public("for tests"),
        count: Rule::public("for tests"),
        sum: Rule::role("counter"),
        double: Rule::role("counter"),
    };
    Ok(App::new().grpc(pb::guard_counter(Users(boot.config), access)))
}

#[derive(Clone)]
struct Gateway {
    seen: Seen,
    users: pb::CounterClient,
}

async fn account(
    State(mut gateway): State<Gateway>,
    Path(account): Path<String>,
) -> Result<String, Error> {
    gateway.seen.note("gateway");
    let answer = gateway
        .users
        .increment(pb::IncrementRequest { account })
        .await;
    let value = answer.map_err(|status| Error::from_status(&status))?;
    Ok(value.into_inner().value.to_string())
}

async fn sum(State(mut gateway): State<Gateway>) -> Result<String, Error> {
    let none = stream::empty();
    let answer = gateway.users.sum(none).await;
    answer.map_err(|status| Error::from_status(&status))?;
    Ok("summed".to_owned())
}

/// Hands a stream on; the default of this hop would bound it at the next one.
async fn values(State(mut gateway): State<Gateway>) -> Result<Body, Error> {
    Context::with_current(Context::lift_default_deadline);
    let answer = gateway.users.count(Range { from: 1, to: 10 }).await;
    let values = answer
        .map_err(|status| Error::from_status(&status))?
        .into_inner();
    Ok(Body::from_stream(values.map(|value| {
        value.map(|value| Bytes::from(format!("{} ", value.value)))
    })))
}

async fn gateway(boot: Boot<Seen>) -> msf_service::Result<App> {
    let users = pb::CounterClient::new(boot.client("users")?);
    let seen = boot.config;
    let routes = Routes::new()
        .get("/accounts/{account}", Rule::public("for tests"), account)
        .get("/sum", Rule::public("for tests"), sum)
        .get("/values", Rule::public("for tests"), values);
    Ok(App::new().http(routes.with_state(Gateway { seen, users })))
}

#[derive(Clone, Copy, Debug)]
enum Wire {
    Tcp,
    InProcess,
}

struct Pair {
    seen: Seen,
    gateway: Started,
    users: Started,
}

impl Pair {
    /// Both services; `deadline` is the gateway's default, the service behind it keeps ten seconds.
    async fn start(wire: Wire, deadline: Duration) -> Self {
        let (seen, local) = (Seen::default(), Local::new());
        let near = Start::named("users").local(&local);
        let users = near.start(users, seen.clone()).await.expect("users");
        let front =
            Start::named("gateway").settings(|settings| settings.limits.deadline = deadline);
        let front = match wire {
            Wire::Tcp => front.client("users", users.url()),
            Wire::InProcess => front.local(&local),
        };
        let gateway = front.start(gateway, seen.clone()).await.expect("gateway");
        Self {
            seen,
            gateway,
            users,
        }
    }
}

const WIRES: [Wire; 2] = [Wire::Tcp, Wire::InProcess];
const TEN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_a_client_gives_is_an_upper_bound_at_each_hop_and_shrinks() {
    for wire in WIRES {
        let pair = Pair::start(wire, TEN).await;
        let call = pair
            .gateway
            .get("/accounts/ana")
            .header("x-deadline-ms", "200");
        assert_eq!(call.send().await.text(), "1");
        let (near, far) = (pair.seen.left("gateway"), pair.seen.left("users"));
        println!("{wire:?}: of 200 ms the gateway had {near:?}, the service behind it {far:?}");
        assert!(
            near <= Duration::from_millis(200) && far < near,
            "{near:?} {far:?}"
        );
        assert!(far > Duration::from_millis(50), "{far:?}");
    }
}

#[tokio::test]
async fn without_a_deadline_the_default_of_the_first_hop_counts() {
    for wire in WIRES {
        let pair = Pair::start(wire, Duration::from_secs(3)).await;
        assert_eq!(pair.gateway.get("/accounts/ana").send().await.status(), 200);
        let (near, far) = (pair.seen.left("gateway"), pair.seen.left("users"));
        println!("{wire:?}: without one the gateway had {near:?}, the service behind it {far:?}");
        assert!(
            near <= Duration::from_secs(3) && far < near,
            "{near:?} {far:?}"
        );
        assert!(far > Duration::from_secs(2), "{far:?}");
        // A malformed one is none, and a longer one than the default changes nothing.
        for given in ["soon", "-5", "86400000"] {
            pair.seen.0.left.lock().expect("no panic").clear();
            let call = pair
                .gateway
                .get("/accounts/ana")
                .header("x-deadline-ms", given);
            assert_eq!(call.send().await.status(), 200);
            assert!(
                pair.seen.left("gateway") <= Duration::from_secs(3),
                "{given}"
            );
        }
    }
}

#[tokio::test]
async fn at_the_deadline_the_caller_is_answered_and_the_work_of_both_hops_ends() {
    for wire in WIRES {
        let pair = Pair::start(wire, TEN).await;
        let begun = Instant::now();
        let call = pair
            .gateway
            .get("/accounts/stuck")
            .header("x-deadline-ms", "200");
        let answer = call.send().await;
        let took = begun.elapsed();
        println!(
            "{wire:?}: a call of 200 ms that hangs behind the gateway was answered after {took:?}"
        );
        assert_eq!(answer.status(), 504, "{}", answer.text());
        assert!(
            took >= Duration::from_millis(150) && took < Duration::from_secs(2),
            "{took:?}"
        );
        pair.seen
            .wait("the end of the work", &pair.seen.0.dropped)
            .await;
    }
}

#[tokio::test]
async fn a_request_whose_deadline_passed_in_the_queue_never_runs() {
    let seen = Seen::default();
    let one = Start::named("users").settings(|settings| settings.limits.in_flight = Some(1));
    let users = one.start(users, seen.clone()).await.expect("users");
    let address = users.running().http();
    let mut first = pb::CounterClient::new(users.channel());
    let stuck = pb::IncrementRequest {
        account: "stuck".to_owned(),
    };
    let first = tokio::spawn(async move { first.increment(stuck).await });
    seen.wait("the first call", &seen.0.entered).await;

    let path = "/msf.test.v1.Counter/Increment";
    let late = grpc(address, path, &[("grpc-timeout", "50m")]).await;
    assert_eq!(late.grpc(), "4", "{late:?}");
    let late = request(address, "GET", "/nothing", "x-deadline-ms: 50\r\n", b"").await;
    assert_eq!(late.status, 504, "{late:?}");
    // Nothing left at all: not even a free place helps.
    let none = request(address, "GET", "/nothing", "x-deadline-ms: 0\r\n", b"").await;
    assert_eq!(none.status, 504, "{none:?}");
    assert_eq!(
        seen.0.left.lock().expect("no panic").len(),
        1,
        "only the first ran"
    );

    // A caller that leaves gives its place back.
    first.abort();
    seen.wait("the end of the work", &seen.0.dropped).await;
    assert_eq!(
        grpc(address, path, &[("grpc-timeout", "5S")]).await.grpc(),
        "0"
    );
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_work_at_the_far_hop() {
    for wire in WIRES {
        let pair = Pair::start(wire, TEN).await;
        let address = pair.gateway.running().http();
        let mut socket = TcpStream::connect(address).await.expect("the gateway");
        let ask = b"GET /accounts/stuck HTTP/1.1\r\nhost: test\r\n\r\n";
        socket.write_all(ask).await.expect("a request");
        pair.seen.wait("the call", &pair.seen.0.entered).await;
        let begun = Instant::now();
        drop(socket);
        pair.seen
            .wait("the end of the work", &pair.seen.0.dropped)
            .await;
        println!(
            "{wire:?}: the far hop stopped {:?} after its client left",
            begun.elapsed()
        );
        // The same for a caller of the service itself.
        let mut client = pb::CounterClient::new(pair.users.channel());
        let stuck = pb::IncrementRequest {
            account: "stuck".to_owned(),
        };
        let call = tokio::spawn(async move { client.increment(stuck).await });
        pair.seen.wait("the call", &pair.seen.0.entered).await;
        call.abort();
        pair.seen
            .wait("the end of the work", &pair.seen.0.dropped)
            .await;
        assert_eq!(pair.seen.0.entries.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn a_stream_outlives_the_default_and_not_what_its_caller_gave() {
    for wire in WIRES {
        let pair = Pair::start(wire, Duration::from_millis(100)).await;
        let begun = Instant::now();
        let whole = pair.gateway.get("/values").send().await;
        assert_eq!(whole.text(), "1 2 3 4 5 6 7 8 9 10 ");
        assert!(begun.elapsed() > Duration::from_millis(250));

        // Its own deadline ends it in the middle: the connection breaks, as HTTP/1.1 has no other word for it.
        let address = pair.gateway.running().http();
        let cut = request(address, "GET", "/values", "x-deadline-ms: 90\r\n", b"").await;
        assert_eq!(cut.status, 200);
        assert!(
            !cut.body.contains("10 ") && !cut.body.ends_with("0\r\n\r\n"),
            "{cut:?}"
        );

        // The service's own default is 10 s; a caller of gRPC is told the status.
        let mut call = Request::new(Range { from: 1, to: 100 });
        call.set_timeout(Duration::from_millis(120));
        let mut client = pb::CounterClient::new(pair.users.channel());
        let mut values = client.count(call).await.expect("a stream").into_inner();
        let end = loop {
            match values.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream ended as if it were whole"),
                Err(status) => break status,
            }
        };
        assert_eq!(end.code(), tonic::Code::DeadlineExceeded, "{end:?}");
    }
}

#[tokio::test]
async fn both_hops_log_one_correlation_id_and_one_trace() {
    for wire in WIRES {
        let pair = Pair::start(wire, TEN).await;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let call = pair
            .gateway
            .get("/accounts/ana")
            .header("x-correlation-id", "order-7");
        let call = call.header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
        assert_eq!(call.send().await.header("x-correlation-id"), "order-7");
        let (near, far) = (pair.gateway.requests(), pair.users.requests());
        assert_eq!((near.len(), far.len()), (1, 1), "{near:?} {far:?}");
        for line in [&near[0], &far[0]] {
            assert_eq!(line["correlation_id"], "order-7", "{line}");
            assert_eq!(line["trace_id"], trace, "{line}");
        }
        assert_ne!(near[0]["span_id"], far[0]["span_id"], "{near:?} {far:?}");
        assert_eq!(near[0]["service"], "gateway");
        assert_eq!(far[0]["service"], "users");
    }
}

#[tokio::test]
async fn an_identity_ends_at_the_hop_that_it_was_given_to() {
    for wire in WIRES {
        let pair = Pair::start(wire, TEN).await;
        let call = pair
            .gateway
            .get("/accounts/ana")
            .as_user("ana", &["counter"]);
        assert_eq!(call.send().await.status(), 200);
        let principals = pair.seen.0.principals.lock().expect("no panic").clone();
        assert_eq!(
            principals,
            [("gateway", "ana".to_owned()), ("users", String::new())],
            "{wire:?}"
        );
        // A rule behind the gateway does not take the gateway's caller for its own.
        let call = pair.gateway.get("/sum").as_user("ana", &["counter"]);
        assert_eq!(call.send().await.status(), 401, "{wire:?}");
    }
}
