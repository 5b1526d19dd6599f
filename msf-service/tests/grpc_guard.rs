//! The guard on a plain tonic server: a rule is checked inside each of the four kinds of RPC.

mod grpc_support;

use std::net::SocketAddr;

use futures_util::{TryStreamExt, stream};
use grpc_support::{Counting, counters_only, serve};
use msf_core::access::Rule;
use msf_core::error::{Error, Kind};
use msf_service::grpc::{Guarded, RpcService};
use msf_test_protos::pb::msf::test::v1::counter_client::CounterClient;
use msf_test_protos::pb::msf::{common::v1::Range, test::v1 as pb};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

/// One call of each kind, as one caller, over tonic's own transport.
struct Caller {
    client: CounterClient<Channel>,
    user: Option<&'static str>,
}

impl Caller {
    async fn connect(address: SocketAddr, user: Option<&'static str>) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        let channel = endpoint.connect().await.expect("the server");
        let client = CounterClient::new(channel);
        Self { client, user }
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        if let Some(user) = self.user {
            let user = user.parse().expect("a header value");
            request.metadata_mut().insert("x-user", user);
        }
        request
    }

    async fn increment(&mut self, account: &str) -> Result<i64, Status> {
        let account = account.to_owned();
        let request = self.request(pb::IncrementRequest { account });
        Ok(self.client.increment(request).await?.into_inner().value)
    }

    async fn count(&mut self, from: u32, to: u32) -> Result<Vec<i64>, Status> {
        let request = self.request(Range { from, to });
        all(self.client.count(request).await?).await
    }

    async fn sum(&mut self, values: Vec<i64>) -> Result<i64, Status> {
        let request = self.request(messages(values));
        Ok(self.client.sum(request).await?.into_inner().value)
    }

    async fn double(&mut self, values: Vec<i64>) -> Result<Vec<i64>, Status> {
        let request = self.request(messages(values));
        all(self.client.double(request).await?).await
    }

    /// The refusals of one call of each kind.
    async fn refusals(&mut self) -> [Option<Status>; 4] {
        [
            self.increment("ana").await.err(),
            self.count(1, 3).await.err(),
            self.sum(vec![1, 2]).await.err(),
            self.double(vec![1, 2]).await.err(),
        ]
    }
}

fn messages(values: Vec<i64>) -> impl futures_util::Stream<Item = pb::Value> + Send + 'static {
    stream::iter(values.into_iter().map(|value| pb::Value { value }))
}

async fn all(answer: Response<Streaming<pb::Value>>) -> Result<Vec<i64>, Status> {
    let values: Vec<pb::Value> = answer.into_inner().try_collect().await?;
    Ok(values.into_iter().map(|value| value.value).collect())
}

fn assert_refused(refusals: [Option<Status>; 4], code: Code, kind: Kind) {
    for (refusal, rpc) in refusals
        .into_iter()
        .zip(["unary", "server", "client", "bidi"])
    {
        let status = refusal.unwrap_or_else(|| panic!("the {rpc} stream was let in"));
        assert_eq!(status.code(), code, "{rpc}: {status}");
        assert!(!status.details().is_empty(), "{rpc}: no details");
        let error = Error::from_status(&status);
        assert_eq!((error.kind(), error.code()), (kind, kind.code()), "{rpc}");
    }
}

#[tokio::test]
async fn without_a_principal_every_kind_of_rpc_is_refused() {
    let counting = Counting::default();
    let address = serve(pb::guard_counter(counting.clone(), counters_only())).await;
    let mut caller = Caller::connect(address, None).await;
    assert_refused(
        caller.refusals().await,
        Code::Unauthenticated,
        Kind::Unauthenticated,
    );
    assert_eq!(counting.calls(), 0);
}

#[tokio::test]
async fn with_a_wrong_role_every_kind_of_rpc_is_refused() {
    let counting = Counting::default();
    let address = serve(pb::guard_counter(counting.clone(), counters_only())).await;
    let mut caller = Caller::connect(address, Some("ana reader")).await;
    assert_refused(
        caller.refusals().await,
        Code::PermissionDenied,
        Kind::Forbidden,
    );
    assert_eq!(counting.calls(), 0);
}

#[tokio::test]
async fn with_the_right_role_every_kind_of_rpc_answers() -> Result<(), Status> {
    let counting = Counting::default();
    let address = serve(pb::guard_counter(counting.clone(), counters_only())).await;
    let mut caller = Caller::connect(address, Some("ana counter")).await;
    assert_eq!(caller.increment("ana").await?, 1);
    assert_eq!(caller.count(1, 3).await?, [1, 2, 3]);
    assert_eq!(caller.sum(vec![1, 2, 3]).await?, 6);
    assert_eq!(caller.double(vec![1, 2, 3]).await?, [2, 4, 6]);
    assert_eq!(counting.calls(), 4);
    Ok(())
}

#[tokio::test]
async fn each_rpc_has_its_own_rule() -> Result<(), Status> {
    let counting = Counting::default();
    let access = pb::CounterAccess {
        increment: Rule::owner(|request: &pb::IncrementRequest| &request.account),
        count: Rule::public("counting is free"),
        sum: Rule::authenticated("sums cost"),
        double: Rule::nobody("not sold any more"),
    };
    let address = serve(pb::guard_counter(counting.clone(), access)).await;

    let mut ana = Caller::connect(address, Some("ana")).await;
    assert_eq!(ana.increment("ana").await?, 1);
    for other in ["bo", ""] {
        let refusal = ana.increment(other).await.expect_err("not hers");
        assert_eq!(refusal.code(), Code::PermissionDenied);
    }
    assert_eq!(ana.sum(vec![1]).await?, 1);
    let refusal = ana.double(vec![1]).await.expect_err("nobody's");
    assert_eq!(refusal.code(), Code::PermissionDenied);

    let mut anyone = Caller::connect(address, None).await;
    assert_eq!(anyone.count(1, 2).await?, [1, 2]);
    let refusal = anyone.sum(vec![1]).await.expect_err("no principal");
    assert_eq!(refusal.code(), Code::Unauthenticated);
    assert_eq!(counting.calls(), 3);
    Ok(())
}

#[tokio::test]
async fn without_the_layers_only_public_rpcs_answer() {
    let counting = Counting::default();
    let access = pb::CounterAccess {
        count: Rule::public("counting is free"),
        ..counters_only()
    };
    let address = serve_bare(pb::guard_counter(counting.clone(), access));
    let mut caller = Caller::connect(address, Some("ana counter")).await;
    let refusal = caller.increment("ana").await.expect_err("nobody is known");
    assert_eq!(refusal.code(), Code::Unauthenticated);
    assert_eq!(caller.count(1, 2).await.expect("public"), [1, 2]);
    assert_eq!(counting.calls(), 1);
}

/// A server without any layer of ours.
fn serve_bare<S: RpcService>(service: Guarded<S>) -> SocketAddr {
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = incoming.local_addr().expect("an address");
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(incoming));
    address
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused() {
    let counting = Counting::default();
    let guarded = pb::guard_counter(counting.clone(), counters_only()).max_message(64);
    let address = serve(guarded).await;
    let mut caller = Caller::connect(address, Some("ana counter")).await;
    let refusal = caller
        .increment(&"a".repeat(65))
        .await
        .expect_err("too long");
    assert_eq!(refusal.code(), Code::OutOfRange);
    // No fault of whoever the caller works for.
    assert_eq!(Error::from_status(&refusal).kind(), Kind::Internal);
    assert_eq!(counting.calls(), 0);
    assert!(caller.increment("ana").await.is_ok());
}

#[test]
fn the_table_lists_each_rpc_by_its_name_on_the_wire() {
    let guarded = pb::guard_counter(Counting::default(), counters_only());
    let listed: Vec<_> = guarded
        .rules()
        .iter()
        .map(|row| (row.method, &*row.path, &*row.rule.text))
        .collect();
    let expected = [
        (
            "Increment",
            "/msf.test.v1.Counter/Increment",
            "role counter",
        ),
        ("Count", "/msf.test.v1.Counter/Count", "role counter"),
        ("Sum", "/msf.test.v1.Counter/Sum", "role counter"),
        ("Double", "/msf.test.v1.Counter/Double", "role counter"),
    ];
    assert_eq!(listed, expected);
    assert_eq!(guarded.info().name(), "msf.test.v1.Counter");
    assert_eq!(guarded.info().rpcs().len(), 4);
}
