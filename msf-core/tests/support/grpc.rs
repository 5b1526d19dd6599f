//! A gRPC service whose methods are closures of the test, on a tonic `Server` at port 0.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::response::IntoResponse;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use msf_core::BoxFuture;
use tokio::net::TcpListener;
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower_service::Service;

use super::stack::Stack;

pub(crate) type Check = Request<HealthCheckRequest>;
pub(crate) type Checked = Result<Response<HealthCheckResponse>, Status>;
pub(crate) type Watched = BoxStream<'static, Result<HealthCheckResponse, Status>>;

/// `grpc.health.v1.Health`: any generated service does, and this one is there ready-made.
#[derive(Clone)]
pub(crate) struct Scripted {
    check: Arc<dyn Fn(Check) -> BoxFuture<'static, Checked> + Send + Sync>,
    watch: Arc<dyn Fn(Check) -> Watched + Send + Sync>,
}

impl Scripted {
    /// `check` answers SERVING, `watch` ends at once.
    pub(crate) fn new() -> Self {
        Self {
            check: Arc::new(|_| Box::pin(async { Ok(serving()) })),
            watch: Arc::new(|_| stream::empty().boxed()),
        }
    }

    pub(crate) fn check<F>(mut self, answer: impl Fn(Check) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Checked> + Send + 'static,
    {
        self.check = Arc::new(move |request| Box::pin(answer(request)));
        self
    }

    pub(crate) fn watch(
        mut self,
        answer: impl Fn(Check) -> Watched + Send + Sync + 'static,
    ) -> Self {
        self.watch = Arc::new(answer);
        self
    }

    pub(crate) fn server(self) -> HealthServer<Self> {
        HealthServer::new(self)
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

pub(crate) fn serving() -> Response<HealthCheckResponse> {
    Response::new(item())
}

pub(crate) fn item() -> HealthCheckResponse {
    HealthCheckResponse { status: 1 }
}

/// A request that names `what` to the script.
pub(crate) fn ask(what: &str) -> Check {
    Request::new(HealthCheckRequest {
        service: what.to_owned(),
    })
}

#[tonic::async_trait]
impl Health for Scripted {
    async fn check(&self, request: Check) -> Checked {
        (self.check)(request).await
    }

    type WatchStream = Watched;

    async fn watch(&self, request: Check) -> Result<Response<Watched>, Status> {
        Ok(Response::new((self.watch)(request)))
    }
}

/// Serves `service` behind `layers` until the test's runtime ends.
pub(crate) async fn start<S>(layers: Stack, service: S) -> SocketAddr
where
    S: Service<http::Request<tonic::body::Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = Server::builder().layer(layers).add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    addr
}

pub(crate) async fn connect(addr: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).unwrap();
    endpoint.connect().await.unwrap()
}
