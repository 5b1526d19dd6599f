//! What a gRPC service is, and what it is called.

use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use msf_core::access::RpcName;
use tonic::body::Body;
use tonic::server::NamedService;

/// A tonic service as generators make it: named, cheap to clone, never failing.
///
/// Implemented for whatever qualifies; there is nothing to implement by hand.
pub trait RpcService:
    tower_service::Service<
        Request<Body>,
        Response = Response<Self::Answer>,
        Error = Infallible,
        Future: Send + 'static,
    > + NamedService
    + Clone
    + Send
    + Sync
    + 'static
{
    /// The body of its answers.
    type Answer: http_body::Body<Data = Bytes, Error: Into<msf_core::BoxError>> + Send + 'static;
}

impl<S, B> RpcService for S
where
    S: tower_service::Service<Request<Body>, Response = Response<B>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<msf_core::BoxError>,
{
    type Answer = B;
}

/// What the descriptor says about a service: its name, its RPCs and their messages.
#[derive(Clone, Copy)]
pub struct ServiceInfo {
    name: &'static str,
    rpcs: &'static [RpcName],
    descriptor: &'static [u8],
}

/// Describes a service; called by generated code.
#[doc(hidden)]
pub const fn service_info(
    name: &'static str,
    rpcs: &'static [RpcName],
    descriptor: &'static [u8],
) -> ServiceInfo {
    ServiceInfo {
        name,
        rpcs,
        descriptor,
    }
}

impl ServiceInfo {
    /// Package and service: `hello.v1.Greeter`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its RPCs, in the order of the proto.
    pub const fn rpcs(&self) -> &'static [RpcName] {
        self.rpcs
    }

    /// The encoded `FileDescriptorSet` of its package and all that it imports; empty where none is known.
    pub const fn descriptor(&self) -> &'static [u8] {
        self.descriptor
    }
}

impl fmt::Debug for ServiceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceInfo")
            .field("name", &self.name)
            .field("rpcs", &self.rpcs)
            .finish_non_exhaustive()
    }
}
