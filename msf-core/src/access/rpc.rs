//! Rules on RPCs; called by the guards that `msf-build` generates.

use std::fmt;
use std::marker::PhantomData;

use prost::Message;
use tonic::{Request, Status};

use super::Rule;
use super::decision::Refusal;
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::observe::Route;

/// The names of an RPC, exactly as the descriptor has them.
///
/// ```
/// use msf_core::access::RpcName;
/// const SAY_HELLO: RpcName =
///     RpcName { service: "hello.v1.Greeter", method: "SayHello", path: "/hello.v1.Greeter/SayHello" };
/// assert_eq!(SAY_HELLO.path, "/hello.v1.Greeter/SayHello");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcName {
    /// Package and service.
    pub service: &'static str,
    /// The method.
    pub method: &'static str,
    /// The path of the HTTP/2 request.
    pub path: &'static str,
}

/// What the rule of an RPC with a client stream may look at: nothing, for it runs before the first message.
pub struct ClientStream<M>(PhantomData<fn() -> M>);

impl<M> ClientStream<M> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<M> fmt::Debug for ClientStream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientStream")
    }
}

impl<M: Message> Rule<M> {
    /// Checks the rule of a unary or server-streaming RPC, inside the method.
    ///
    /// # Errors
    ///
    /// UNAUTHENTICATED or PERMISSION_DENIED, after an audit line.
    pub async fn check_rpc(&self, rpc: &RpcName, request: &mut Request<M>) -> Result<(), Status> {
        let context = enter(rpc, request);
        let identity = context.as_ref().and_then(Context::identity);
        let decision = self.decide(identity, request.get_mut()).await;
        decision.map_err(|refusal| self.refuse(&refusal, context.as_ref()))
    }
}

impl<M> Rule<ClientStream<M>> {
    /// Checks the rule of an RPC whose client streams, before its first message.
    ///
    /// # Errors
    ///
    /// UNAUTHENTICATED or PERMISSION_DENIED, after an audit line.
    pub async fn check_rpc_stream<S>(
        &self,
        rpc: &RpcName,
        request: &Request<S>,
    ) -> Result<(), Status> {
        let context = enter(rpc, request);
        let identity = context.as_ref().and_then(Context::identity);
        let decision = self.decide(identity, &mut ClientStream::new()).await;
        if decision.is_ok() {
            // How long a client streams is for the client to say, not for the server's default.
            context.iter().for_each(Context::lift_default_deadline);
        }
        decision.map_err(|refusal| self.refuse(&refusal, context.as_ref()))
    }
}

fn enter<M>(rpc: &RpcName, request: &Request<M>) -> Option<Context> {
    let context = request.extensions().get::<Context>().cloned();
    if let Some(context) = &context {
        context.set_route(Route::rpc(rpc.service, rpc.method));
    }
    context
}

impl<T> Rule<T> {
    fn refuse(&self, refusal: &Refusal, context: Option<&Context>) -> Status {
        refusal.audit(context, self);
        match refusal {
            Refusal::Unauthenticated(error) => error.duplicate().into(),
            Refusal::Forbidden => Error::of(Kind::Forbidden).into(),
            // A message is always there to be looked at; an extraction is a matter of routes.
            Refusal::Rejected(_) => Error::of(Kind::Malformed).into(),
        }
    }
}
