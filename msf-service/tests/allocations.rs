//! How often a request allocates, from its bytes on a connection to the bytes of its answer.
//!
//! The apps have their defaults, log lines and metrics included. The client of the test shares their thread, which is the
//! one that is counted, and allocates nothing itself.
//!
//! ```sh
//! cargo test -p msf-service --test allocations -- --nocapture
//! ```
#![expect(clippy::print_stdout, reason = "the figures are what the test is for")]

use msf_service::auth::identity::{IdentityVerifier, ServiceIdentity};
use msf_service::auth::keys::KeyRing;
use msf_service::auth::token::{AccessTokens, AccessVerifier, NewAccess};
use msf_service::client::{Channel, Local};
use msf_service::embed::{Embed, Running};
use msf_service::http::Routes;
use msf_service::prelude::*;
use msf_service::telemetry::{LogFormat, Options, Telemetry};
use msf_test_protos::pb::msf::common::v1::Range;
use msf_test_protos::pb::msf::test::v1 as pb;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// A public route that answers by itself.
const PUBLIC_ROUTE: u64 = 34;
/// A public RPC in process, from the generated client on, without HTTP in front of it.
const PUBLIC_RPC: u64 = 62;
/// A route of a user's own, which asks another app of the process on behalf of that user.
const TWO_HOPS: u64 = 107;

const ISSUER: &str = "https://shop.example";
const AUDIENCE: &str = "shop";
const GATEWAY: &str = "gateway";
const COUNTERS: &str = "counter-service";
/// Requests that come first, and those that are counted one by one.
const WARM_UP: usize = 200;
const REQUESTS: usize = 1000;

struct Counters;

#[async_trait]
impl pb::Counter for Counters {
    async fn increment(
        &self,
        request: Request<pb::IncrementRequest>,
    ) -> Result<Response<pb::Value>, Status> {
        let value = i64::try_from(request.into_inner().account.len()).unwrap_or_default();
        Ok(Response::new(pb::Value { value }))
    }

    type CountStream = futures_util::stream::Empty<Result<pb::Value, Status>>;

    async fn count(&self, _: Request<Range>) -> Result<Response<Self::CountStream>, Status> {
        Ok(Response::new(futures_util::stream::empty()))
    }

    async fn sum(
        &self,
        _: Request<tonic::Streaming<pb::Value>>,
    ) -> Result<Response<pb::Value>, Status> {
        Ok(Response::new(pb::Value::default()))
    }

    type DoubleStream = Self::CountStream;

    async fn double(
        &self,
        _: Request<tonic::Streaming<pb::Value>>,
    ) -> Result<Response<Self::DoubleStream>, Status> {
        Ok(Response::new(futures_util::stream::empty()))
    }
}

fn access(increment: Rule<pb::IncrementRequest>) -> pb::CounterAccess {
    pb::CounterAccess {
        increment,
        count: Rule::nobody("not called here"),
        sum: Rule::nobody("not called here"),
        double: Rule::nobody("not called here"),
    }
}

/// The answer of the gateway, in JSON.
#[derive(serde::Serialize)]
struct Counted {
    account: String,
    value: i64,
}

async fn counted(
    State(mut counters): State<pb::CounterClient>,
    Path(account): Path<String>,
) -> Result<Json<Counted>, Error> {
    let asked = pb::IncrementRequest {
        account: account.clone(),
    };
    let answer = counters.increment(asked).await;
    let value = answer
        .map_err(|status| Error::from_call(&status))?
        .into_inner()
        .value;
    Ok(Json(Counted { account, value }))
}

/// What a request allocates, counted for each of many.
struct Counts(Vec<u64>);

impl Counts {
    /// Holds to the ceiling what most requests allocate: a few grow something that is kept, such as a histogram's block.
    #[track_caller]
    fn hold(mut self, what: &str, constant: &str, ceiling: u64) {
        self.0.sort_unstable();
        let (least, most) = (self.0[0], self.0[self.0.len() - 1]);
        let counted = self.0[self.0.len() / 2];
        println!("{what}: {counted} allocations ({least} to {most})");
        assert!(
            counted <= ceiling,
            "{what}: {counted} allocations, and {constant} allows {ceiling}. Find the new ones and avoid them; raise the \
             constant only for work that cannot do without, and say so in the changelog"
        );
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn telemetry() -> Telemetry {
    let options = Options::new("test").format(LogFormat::Json);
    Telemetry::scoped(options.writer(std::io::sink())).unwrap()
}

// ANCHOR: count
/// Counts `request`, which is done once for each count.
fn count(runtime: &Runtime, mut request: impl AsyncFnMut()) -> Counts {
    for _ in 0..WARM_UP {
        runtime.block_on(request());
    }
    let counts = (0..REQUESTS).map(|_| {
        let counted = allocation_counter::measure(|| runtime.block_on(request()));
        counted.count_total
    });
    Counts(counts.collect())
}
// ANCHOR_END: count

/// A connection that sends the same request again and again, and takes one answer only.
struct Connection {
    stream: TcpStream,
    request: String,
    answer: [u8; 2048],
    end: &'static str,
}

impl Connection {
    async fn open(app: &Running, path: &str, headers: &str, end: &'static str) -> Self {
        let stream = TcpStream::connect(app.http()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            request: format!("GET {path} HTTP/1.1\r\nhost: shop.example\r\n{headers}\r\n"),
            answer: [0; 2048],
            end,
        }
    }

    async fn exchange(&mut self) {
        self.stream
            .write_all(self.request.as_bytes())
            .await
            .unwrap();
        let mut length = 0;
        while !self.answer[..length].ends_with(self.end.as_bytes()) {
            let read = self.stream.read(&mut self.answer[length..]).await.unwrap();
            let so_far = String::from_utf8_lossy(&self.answer[..length]);
            assert!(read > 0, "not the answer: {so_far}");
            length += read;
        }
        assert!(self.answer.starts_with(b"HTTP/1.1 200 "));
    }
}

#[test]
fn a_public_route() {
    let (runtime, telemetry) = (runtime(), telemetry());
    let _here = telemetry.set_default();
    let hello = Rule::public("a greeting");
    let app = App::new().http(Routes::new().get(
        "/v1/hello/{id}",
        hello,
        |Path(id): Path<String>| async { id },
    ));
    let (_app, mut connection) = runtime.block_on(async {
        let app = Embed::new(GATEWAY).start(app).await.unwrap();
        let connection = Connection::open(&app, "/v1/hello/user-7", "", "\r\n\r\nuser-7").await;
        (app, connection)
    });
    let counts = count(&runtime, async || connection.exchange().await);
    counts.hold("a public route", "PUBLIC_ROUTE", PUBLIC_ROUTE);
}

#[test]
fn a_public_rpc_in_process() {
    let (runtime, telemetry, local) = (runtime(), telemetry(), Local::new());
    let _here = telemetry.set_default();
    let guarded = pb::guard_counter(Counters, access(Rule::public("a counter")));
    let start = Embed::new(COUNTERS)
        .local(&local)
        .start(App::new().grpc(guarded));
    let _app = runtime.block_on(start).unwrap();
    let mut client = pb::CounterClient::new(Channel::in_process(COUNTERS, &local));
    let counts = count(&runtime, async || {
        let asked = pb::IncrementRequest::default();
        assert_eq!(client.increment(asked).await.unwrap().into_inner().value, 0);
    });
    counts.hold("a public RPC in process", "PUBLIC_RPC", PUBLIC_RPC);
}

#[test]
fn a_users_call_over_two_hops() {
    let (runtime, telemetry, local) = (runtime(), telemetry(), Local::new());
    let _here = telemetry.set_default();
    let ring = KeyRing::generate().unwrap();
    let new = NewAccess::new("user-7", "session-1", "test").role("user");
    let token = AccessTokens::new(ring.clone(), ISSUER, AUDIENCE)
        .issue(&new)
        .unwrap();
    let token = format!("authorization: Bearer {}\r\n", token.token.expose());

    let own = Rule::owner(|asked: &pb::IncrementRequest| &asked.account);
    let callers = IdentityVerifier::new(COUNTERS).trust_for_users(GATEWAY, ring.clone());
    let counters = App::new()
        .authenticate(callers)
        .grpc(pb::guard_counter(Counters, access(own)));

    let identity = ServiceIdentity::new(GATEWAY, ring.clone());
    let channel = Channel::in_process(COUNTERS, &local).identify(identity.on_behalf());
    let own = Rule::owner(|Path(account): &Path<String>| account);
    let routes = Routes::new().get("/v1/counters/{account}", own, counted);
    let gateway = App::new()
        .authenticate(AccessVerifier::new(ring, ISSUER, AUDIENCE))
        .http(routes.with_state(pb::CounterClient::new(channel)));

    let (_apps, mut connection) = runtime.block_on(async {
        let counters = Embed::new(COUNTERS)
            .local(&local)
            .start(counters)
            .await
            .unwrap();
        let gateway = Embed::new(GATEWAY)
            .local(&local)
            .start(gateway)
            .await
            .unwrap();
        let end = "{\"account\":\"user-7\",\"value\":6}";
        let connection = Connection::open(&gateway, "/v1/counters/user-7", &token, end).await;
        ((counters, gateway), connection)
    });
    let counts = count(&runtime, async || connection.exchange().await);
    counts.hold("a user's call over two hops", "TWO_HOPS", TWO_HOPS);
}
