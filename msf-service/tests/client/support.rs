//! `msf.test.v1.Counter` whose methods are closures of the test, at the other end of either wire.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use msf_core::BoxFuture;
use msf_core::access::{AuthenticateLayer, Authenticator, Principal, Rule};
use msf_core::context::{Context, ContextLayer, Deadline};
use msf_core::error::Error;
use msf_core::observe::ObserveLayer;
use msf_core::resilience::{CatchPanicLayer, DeadlineLayer};
use msf_service::client::{Channel, Local, Registration};
use msf_test_protos::pb::msf::common::v1::Range;
use msf_test_protos::pb::msf::test::v1 as pb;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};
use tower::ServiceBuilder;

pub(crate) type Asked = Request<pb::IncrementRequest>;
pub(crate) type Answer = Result<Response<pb::Value>, Status>;
pub(crate) type Values = BoxStream<'static, Result<pb::Value, Status>>;

pub(crate) const NAME: &str = "counter-service";

/// `increment` answers 1 and `count` streams its range, unless the test says otherwise.
#[derive(Clone)]
pub(crate) struct Script {
    increment: Arc<dyn Fn(Asked) -> BoxFuture<'static, Answer> + Send + Sync>,
    count: Arc<dyn Fn(Range) -> Values + Send + Sync>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self {
            increment: Arc::new(|_| Box::pin(async { Ok(value(1)) })),
            count: Arc::new(|range| {
                stream::iter((range.from..=range.to).map(|next| Ok(item(next.into())))).boxed()
            }),
        }
    }

    pub(crate) fn increment<F>(
        mut self,
        answer: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        self.increment = Arc::new(move |request| Box::pin(answer(request)));
        self
    }

    pub(crate) fn count(
        mut self,
        answer: impl Fn(Range) -> Values + Send + Sync + 'static,
    ) -> Self {
        self.count = Arc::new(answer);
        self
    }

    /// `increment` never answers, `count` stops after its first value; the flag says that the work was dropped.
    pub(crate) fn stuck() -> (Self, Flag) {
        let dropped = Flag::default();
        let (one, other) = (dropped.clone(), dropped.clone());
        let script = Self::new()
            .increment(move |_| {
                let guard = one.guard();
                async move {
                    let _guard = guard;
                    std::future::pending().await
                }
            })
            .count(move |_| {
                let guard = other.guard();
                let rest = stream::poll_fn(move |_| {
                    let _ = &guard;
                    std::task::Poll::Pending
                });
                stream::iter([Ok(item(1))]).chain(rest).boxed()
            });
        (script, dropped)
    }
}

/// Raised when a guard of it is dropped.
#[derive(Clone, Default)]
pub(crate) struct Flag(Arc<AtomicBool>);

pub(crate) struct Guard(Flag);

impl Flag {
    pub(crate) fn guard(&self) -> Guard {
        Guard(self.clone())
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::SeqCst);
    }
}

#[tonic::async_trait]
impl pb::Counter for Script {
    async fn increment(&self, request: Asked) -> Answer {
        (self.increment)(request).await
    }

    type CountStream = Values;

    async fn count(&self, request: Request<Range>) -> Result<Response<Values>, Status> {
        Ok(Response::new((self.count)(request.into_inner())))
    }

    async fn sum(&self, request: Request<Streaming<pb::Value>>) -> Answer {
        let add = |sum: i64, next: pb::Value| async move { Ok(sum + next.value) };
        Ok(value(request.into_inner().try_fold(0, add).await?))
    }

    type DoubleStream = Values;

    async fn double(
        &self,
        request: Request<Streaming<pb::Value>>,
    ) -> Result<Response<Values>, Status> {
        let double = |next: pb::Value| item(next.value * 2);
        Ok(Response::new(request.into_inner().map_ok(double).boxed()))
    }
}

/// Believes the header `x-user`.
struct ByHeader;

impl Authenticator for ByHeader {
    fn authenticate<'a>(
        &'a self,
        headers: &'a http::HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        let user = headers.get("x-user").and_then(|user| user.to_str().ok());
        Box::pin(async move { Ok(user.map(Principal::user)) })
    }
}

type Layers = (
    ContextLayer,
    ObserveLayer,
    CatchPanicLayer,
    DeadlineLayer,
    AuthenticateLayer,
);

pub(crate) fn layers() -> Layers {
    (
        ContextLayer::new(),
        ObserveLayer::new(NAME),
        CatchPanicLayer::new(),
        DeadlineLayer::new(),
        AuthenticateLayer::new(Arc::new(ByHeader)),
    )
}

pub(crate) fn open() -> pb::CounterAccess {
    pb::CounterAccess {
        increment: Rule::public("a test"),
        count: Rule::public("a test"),
        sum: Rule::public("a test"),
        double: Rule::public("a test"),
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    Tcp,
    Local,
}

pub(crate) const WIRES: [Wire; 2] = [Wire::Tcp, Wire::Local];

/// A channel to a running service, and what keeps that service there.
pub(crate) struct Peer {
    pub(crate) channel: Channel,
    _registration: Option<Registration>,
}

impl Peer {
    pub(crate) fn client(&self) -> pb::CounterClient {
        pb::CounterClient::new(self.channel.clone())
    }
}

/// Serves `script` behind all layers: a plain tonic server on port 0, or registered in the process.
pub(crate) async fn start(wire: Wire, script: Script) -> Peer {
    match wire {
        Wire::Tcp => over_tcp(bind().await, Server::builder().layer(layers()), script),
        Wire::Local => {
            let service = ServiceBuilder::new()
                .map_response(|response: http::Response<_>| response.map(Body::new))
                .layer(layers())
                .service(pb::guard_counter(script, open()).into_router());
            registered(|local| local.register(NAME, service))
        }
    }
}

/// The same without any layer of ours: what holds is the client's doing.
pub(crate) async fn start_bare(wire: Wire, script: Script) -> Peer {
    match wire {
        Wire::Tcp => over_tcp(bind().await, Server::builder(), script),
        Wire::Local => {
            let router = pb::guard_counter(script, open()).into_router();
            registered(|local| local.register(NAME, router))
        }
    }
}

fn registered(register: impl FnOnce(&Local) -> Registration) -> Peer {
    let local = Local::new();
    Peer {
        channel: Channel::in_process(NAME, &local),
        _registration: Some(register(&local)),
    }
}

pub(crate) async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

pub(crate) fn tcp(address: SocketAddr) -> Channel {
    Channel::tcp(NAME, &format!("http://{address}")).unwrap()
}

macro_rules! serve {
    ($listener:expr, $server:expr, $script:expr) => {{
        let mut server = $server;
        server
            .add_service(pb::guard_counter($script, open()))
            .serve_with_incoming(TcpIncoming::from($listener))
    }};
}
pub(crate) use serve;

fn over_tcp<L>(listener: TcpListener, server: Server<L>, script: Script) -> Peer
where
    Server<L>: Serve,
{
    let channel = tcp(listener.local_addr().unwrap());
    tokio::spawn(server.run(listener, script));
    Peer {
        channel,
        _registration: None,
    }
}

/// A tonic server of whichever layers.
pub(crate) trait Serve {
    fn run(self, listener: TcpListener, script: Script) -> BoxFuture<'static, ()>;
}

impl Serve for Server {
    fn run(self, listener: TcpListener, script: Script) -> BoxFuture<'static, ()> {
        Box::pin(async move { serve!(listener, self, script).await.unwrap() })
    }
}

impl Serve for Server<tower::layer::util::Stack<Layers, tower::layer::util::Identity>> {
    fn run(self, listener: TcpListener, script: Script) -> BoxFuture<'static, ()> {
        Box::pin(async move { serve!(listener, self, script).await.unwrap() })
    }
}

pub(crate) fn value(value: i64) -> Response<pb::Value> {
    Response::new(item(value))
}

pub(crate) fn item(value: i64) -> pb::Value {
    pb::Value { value }
}

pub(crate) fn ask() -> Asked {
    Request::new(pb::IncrementRequest::default())
}

pub(crate) fn range(from: u32, to: u32) -> Range {
    Range { from, to }
}

/// The context of a request that arrived with these headers.
pub(crate) fn arrived(headers: &[(&'static str, &'static str)]) -> Context {
    let pairs = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    Context::extract(&pairs.collect::<http::HeaderMap>())
}

pub(crate) fn until_in(left: Duration) -> Context {
    Context::root().with_deadline(Deadline::after(left).unwrap())
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Waits until `holds`; fails after five seconds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(ms(1)).await;
        }
    };
    let waited = tokio::time::timeout(ms(5_000), waiting).await;
    assert!(waited.is_ok(), "waited in vain: {what}");
}
