//! The channel that generated clients call through.

use std::fmt;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use msf_core::access::{CallIdentity, Principal};
use msf_core::context::Context;
use msf_core::observe;
use tonic::Status;
use tower_service::Service;

use super::call::{self, Caller};
use super::local::{Local, Slot};
use super::meter::Meter;
use super::tcp::{InvalidUrl, Tcp};
use super::{ResponseBody, failure};

/// How long a call waits for the head of its answer where nobody gave a deadline: ten seconds.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// Calls one other service, over TCP or inside the process. A clone is a reference count.
///
/// Generated clients are made from it: `UserServiceClient::new(channel)`.
///
/// Cancel safety: a call that is dropped is cancelled; over TCP its stream is reset, in the process its handler is
/// dropped.
#[derive(Clone)]
pub struct Channel(Arc<Shared>);

#[derive(Clone)]
struct Shared {
    name: Arc<str>,
    meter: Arc<Meter>,
    wire: Wire,
    default_deadline: Duration,
    headers: HeaderMap,
    identity: Option<Arc<dyn CallIdentity>>,
}

#[derive(Clone)]
enum Wire {
    Tcp(Arc<Tcp>),
    Local(Arc<Slot>),
}

impl Channel {
    /// Calls the service at `url` (`http://HOST:PORT`) over HTTP/2; `name` is the client's name in the settings.
    ///
    /// Connects with the first call, and again after a connection was lost. Connecting may take three seconds. A
    /// connection that is silent for 20 seconds is asked for a sign of life and given up five seconds later.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`], which names the setting `clients.NAME.url`.
    pub fn tcp(name: impl Into<Arc<str>>, url: &str) -> Result<Self, InvalidUrl> {
        let name = name.into();
        let tcp = Tcp::new(&name, url)?;
        Ok(Self::over(name, Wire::Tcp(Arc::new(tcp))))
    }

    /// Calls the service that is registered as `name` at the time of each call; the order of starting does not matter.
    pub fn in_process(name: impl Into<Arc<str>>, local: &Local) -> Self {
        let name = name.into();
        let slot = local.slot(&name);
        Self::over(name, Wire::Local(slot))
    }

    fn over(name: Arc<str>, wire: Wire) -> Self {
        Self(Arc::new(Shared {
            meter: Arc::new(Meter::new(Arc::clone(&name))),
            name,
            wire,
            default_deadline: DEFAULT_DEADLINE,
            headers: HeaderMap::new(),
            identity: None,
        }))
    }

    /// Bounds the time to the head of an answer, also of calls whose own deadline is later. Default: [`DEFAULT_DEADLINE`].
    ///
    /// It is not sent to the callee and does not bound an answer that streams; a deadline of the context, or one that
    /// `tonic::Request::set_timeout` gave, does both.
    #[must_use]
    pub fn default_deadline(mut self, default: Duration) -> Self {
        Arc::make_mut(&mut self.0).default_deadline = default;
        self
    }

    /// Sends this header with every call: what a caller proves its identity with.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        Arc::make_mut(&mut self.0).headers.insert(name, value);
        self
    }

    /// Proves with every call who is calling: what `identity` makes for the callee becomes the `authorization` header.
    ///
    /// A service usually has two clients of one callee: one calls as the service itself, one on behalf of the current user.
    #[must_use]
    pub fn identify(mut self, identity: impl CallIdentity) -> Self {
        Arc::make_mut(&mut self.0).identity = Some(Arc::new(identity));
        self
    }

    /// The name of the client, which the metric label `peer` and each message of a failure carry.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Adds the proof of who is calling, where this channel has one.
    pub(super) fn prove(
        &self,
        principal: Option<&Principal>,
        headers: &mut HeaderMap,
    ) -> Result<(), Status> {
        if let Some(identity) = &self.0.identity {
            headers.insert(AUTHORIZATION, identity.header(principal, &self.0.name)?);
        }
        Ok(())
    }

    pub(super) fn default_bound(&self) -> Duration {
        self.0.default_deadline
    }

    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.0.meter
    }

    /// How messages and log lines call the peer: its name, and its address where it has one.
    pub(super) fn peer(&self) -> String {
        match &self.0.wire {
            Wire::Tcp(tcp) => format!("{} ({})", self.0.name, tcp.address()),
            Wire::Local(_) => self.0.name.to_string(),
        }
    }

    /// The status of an answer that broke off.
    pub(super) fn broken_off(&self, status: Status) -> Status {
        match &self.0.wire {
            Wire::Tcp(_) => failure::of_body(status, &self.peer()),
            Wire::Local(_) => status,
        }
    }

    /// Sends one request over the wire and waits for the head of its answer.
    pub(super) async fn send(
        &self,
        mut request: http::Request<super::request::RequestBody>,
    ) -> Result<http::Response<super::body::WireBody>, Status> {
        for (name, value) in &self.0.headers {
            request.headers_mut().insert(name, value.clone());
        }
        match &self.0.wire {
            Wire::Tcp(tcp) => match tcp.send(request.map(tonic::body::Body::new)).await {
                Ok(answer) => Ok(answer.map(super::body::WireBody::tcp)),
                Err(error) => Err(failure::of_transport(error, &self.peer())),
            },
            Wire::Local(slot) => match slot.enter() {
                Some(visit) => visit.send(request.map(axum::body::Body::new)).await,
                None => Err(Status::unavailable(format!(
                    "{} is not running in this process",
                    self.0.name
                ))),
            },
        }
    }
}

impl Service<http::Request<tonic::body::Body>> for Channel {
    type Response = http::Response<ResponseBody>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Status>> {
        // Waiting for a connection is part of the call, so that its deadline and its metric cover it.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let caller = Caller {
            context: Context::current().map_or_else(Context::root, |context| context.child()),
            service: observe::service_name(),
        };
        Box::pin(call::call(self.clone(), caller, request))
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.peer()).finish()
    }
}
