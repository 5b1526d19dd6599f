//! A service that counts the calls that reach it, and callers with and without a name.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::HeaderMap;
use msf_core::BoxFuture;
use msf_core::access::{AuthenticateLayer, Authenticator, Principal, Rule};
use msf_core::context::ContextLayer;
use msf_core::error::Error;
use msf_service::grpc::{Guarded, RpcService};
use msf_test_protos::pb::msf::{common::v1::Range, test::v1 as pb};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// Implements `msf.test.v1.Counter`; counts the calls that reach it.
#[derive(Clone, Default)]
pub(crate) struct Counting {
    calls: Arc<AtomicUsize>,
}

impl Counting {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn reached(&self) {
        self.calls.fetch_add(1, Ordering::SeqCst);
    }
}

type Values = BoxStream<'static, Result<pb::Value, Status>>;

#[tonic::async_trait]
impl pb::Counter for Counting {
    async fn increment(
        &self,
        _: Request<pb::IncrementRequest>,
    ) -> Result<Response<pb::Value>, Status> {
        self.reached();
        Ok(Response::new(pb::Value { value: 1 }))
    }

    type CountStream = Values;

    async fn count(&self, request: Request<Range>) -> Result<Response<Values>, Status> {
        self.reached();
        let Range { from, to } = request.into_inner();
        let values = (from..=to).map(|value| {
            Ok(pb::Value {
                value: value.into(),
            })
        });
        Ok(Response::new(stream::iter(values).boxed()))
    }

    async fn sum(
        &self,
        request: Request<Streaming<pb::Value>>,
    ) -> Result<Response<pb::Value>, Status> {
        self.reached();
        let add = |sum: i64, next: pb::Value| async move { Ok(sum + next.value) };
        let value = request.into_inner().try_fold(0, add).await?;
        Ok(Response::new(pb::Value { value }))
    }

    type DoubleStream = Values;

    async fn double(
        &self,
        request: Request<Streaming<pb::Value>>,
    ) -> Result<Response<Values>, Status> {
        self.reached();
        let double = |next: pb::Value| pb::Value {
            value: next.value * 2,
        };
        Ok(Response::new(request.into_inner().map_ok(double).boxed()))
    }
}

/// A table that lets only callers with the role `counter` in.
pub(crate) fn counters_only() -> pb::CounterAccess {
    pb::CounterAccess {
        increment: Rule::role("counter"),
        count: Rule::role("counter"),
        sum: Rule::role("counter"),
        double: Rule::role("counter"),
    }
}

/// Believes the header `x-user: NAME ROLE..`.
pub(crate) struct ByHeader;

impl Authenticator for ByHeader {
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        let user = headers.get("x-user").and_then(|value| value.to_str().ok());
        let principal = user.and_then(|user| {
            let mut words = user.split(' ');
            let principal = Principal::user(words.next()?);
            Some(words.fold(principal, Principal::with_role))
        });
        Box::pin(async { Ok(principal) })
    }
}

/// Serves on a plain tonic server, behind the layers that find out who is calling.
pub(crate) async fn serve<S: RpcService>(service: Guarded<S>) -> SocketAddr {
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = incoming.local_addr().expect("an address");
    let server = tonic::transport::Server::builder()
        .layer(ContextLayer::new())
        .layer(AuthenticateLayer::new(ByHeader))
        .add_service(service);
    tokio::spawn(server.serve_with_incoming(incoming));
    address
}
