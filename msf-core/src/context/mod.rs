//! What a request carries from end to end: correlation id, trace, deadline, identity.
//!
//! A [`Context`] is made once where a request, an RPC or an event arrives ([`Context::extract`]), travels in the
//! request's extensions and in a task-local ([`Context::current`]), and is written into every call that leaves
//! ([`Context::inject`]). There is one parse and one inject path for HTTP, gRPC and events: anything that is a
//! [`Carrier`].
//!
//! What people wrongly assume:
//!
//! - *"`tokio::spawn` keeps the context."* A task-local ends with its task; start the task with [`Context::spawn`].
//! - *"A deadline is a timeout."* A timeout starts anew at each hop. A [`Deadline`] is a point in time: what is left of
//!   it shrinks at each hop and never grows.
//! - *"`Endpoint::timeout` tells the server."* It does not send `grpc-timeout`; [`Context::inject`] does.
//!
//! ```
//! use msf_core::context::{Context, Deadline};
//! use std::time::Duration;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let mut arriving = http::HeaderMap::new();
//! arriving.insert("x-correlation-id", "order-7".parse().unwrap());
//! arriving.insert("grpc-timeout", "200m".parse().unwrap());
//!
//! let context = Context::extract(&arriving);
//! let leaving = context
//!     .scope(async {
//!         let mut headers = http::HeaderMap::new();
//!         Context::current().unwrap().child().inject(&mut headers).unwrap();
//!         headers
//!     })
//!     .await;
//! assert_eq!(leaving["x-correlation-id"], "order-7");
//! # });
//! ```

mod carrier;
mod correlation;
mod deadline;
mod layer;
mod scope;
mod trace;

pub use carrier::{Carrier, CarrierMut, strip};
pub use correlation::CorrelationId;
pub use deadline::{Deadline, DeadlineExceeded};
pub use layer::{ContextLayer, ContextService, ResponseFuture};
pub use scope::ScopedBody;
pub use trace::{SpanId, TraceContext, TraceId};

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::access::{Identity, Principal};
use crate::observe;

/// Name of the header that carries the correlation id.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// Name of the header that is accepted where [`CORRELATION_ID`] is absent.
pub const REQUEST_ID: &str = "x-request-id";
/// Name of the header that carries what is left of the deadline, in gRPC's own notation.
pub const GRPC_TIMEOUT: &str = "grpc-timeout";
/// Name of the header that carries what is left of the deadline, in milliseconds.
pub const DEADLINE_MS: &str = "x-deadline-ms";
/// Name of the W3C header that carries trace id, parent span id and flags.
pub const TRACEPARENT: &str = "traceparent";
/// Name of the W3C header that carries vendors' own trace state, passed on untouched.
pub const TRACESTATE: &str = "tracestate";

tokio::task_local! {
    static CURRENT: Context;
}

/// The correlation id, trace context, deadline and identity of one request or event.
///
/// A clone is one reference count. Identity and route are set once, by the layers that find them out, and are then
/// seen by every holder of a clone: that is how the outermost log line knows the principal.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    correlation_id: CorrelationId,
    trace: TraceContext,
    given: Option<Deadline>,
    default: Option<Deadline>,
    default_lifted: AtomicBool,
    found: Found,
}

/// What is found out about a request while it is handled; shared by a context and its children.
enum Found {
    Here(Findings),
    /// In the context that this one is a child of.
    Above(Context),
}

#[derive(Default)]
struct Findings {
    identity: OnceLock<Identity>,
    route: OnceLock<observe::Route>,
    failure: OnceLock<observe::Failure>,
}

impl Context {
    /// Starts a context where nothing arrived: a new correlation id, a new trace, no deadline.
    pub fn root() -> Self {
        Self::assemble(
            CorrelationId::random(),
            TraceContext::root(),
            None,
            None,
            Found::new(),
        )
    }

    /// Reads the context that arrived in `carrier`; what is absent or malformed is replaced by something new.
    ///
    /// The correlation id is taken from `x-correlation-id`, else `x-request-id`; the deadline is the earlier of
    /// `grpc-timeout` and `x-deadline-ms`, counted from now. A malformed deadline counts as none, as gRPC has it.
    pub fn extract(carrier: &impl Carrier) -> Self {
        Self::extract_bounded(carrier, None)
    }

    /// The same, with a bound that holds until the head of the answer is there: see
    /// [`with_default_deadline`](Self::with_default_deadline).
    pub(crate) fn extract_bounded(carrier: &impl Carrier, default: Option<Deadline>) -> Self {
        let correlation_id = [CORRELATION_ID, REQUEST_ID]
            .iter()
            .find_map(|name| carrier.get(name).and_then(CorrelationId::parse))
            .unwrap_or_else(CorrelationId::random);
        let trace = carrier
            .get(TRACEPARENT)
            .and_then(TraceContext::parse)
            .map_or_else(TraceContext::root, |trace| {
                trace.with_state(carrier.get(TRACESTATE))
            });
        let grpc = carrier
            .get(GRPC_TIMEOUT)
            .and_then(deadline::parse_grpc_timeout);
        let millis = carrier.get(DEADLINE_MS).and_then(deadline::parse_millis);
        let given = [grpc, millis]
            .into_iter()
            .flatten()
            .min()
            .and_then(Deadline::after);
        Self::assemble(correlation_id, trace, given, default, Found::new())
    }

    /// Writes this context into a call that leaves: its span becomes the callee's parent, its deadline what is left.
    ///
    /// # Errors
    ///
    /// [`DeadlineExceeded`] when nothing is left of the deadline: the call must not be made.
    pub fn inject(&self, carrier: &mut impl CarrierMut) -> Result<(), DeadlineExceeded> {
        if let Some(deadline) = self.deadline() {
            let left = deadline.remaining();
            let millis = left.as_millis();
            if millis == 0 {
                return Err(DeadlineExceeded::new());
            }
            carrier.set(GRPC_TIMEOUT, &deadline::format_grpc_timeout(left));
            carrier.set(DEADLINE_MS, &millis.to_string());
        }
        carrier.set(CORRELATION_ID, self.inner.correlation_id.as_str());
        carrier.set(TRACEPARENT, &self.inner.trace.to_header());
        if let Some(state) = self.inner.trace.state() {
            carrier.set(TRACESTATE, state);
        }
        Ok(())
    }

    /// The context of the request or event that this task is working for, if it works for one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Calls `read` with the current context, without cloning it.
    pub fn with_current<R>(read: impl FnOnce(&Self) -> R) -> Option<R> {
        CURRENT.try_with(read).ok()
    }

    /// Runs `future` with this context as the current one.
    ///
    /// Cancel safety: as safe as `future` itself.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// Runs `work` with this context as the current one, on this thread.
    pub fn sync_scope<R>(self, work: impl FnOnce() -> R) -> R {
        CURRENT.sync_scope(self, work)
    }

    /// Starts a task that keeps this context, and the name of the service it works for.
    pub fn spawn<F>(&self, future: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let scoped = CURRENT.scope(self.clone(), future);
        match observe::service_name() {
            Some(name) => tokio::spawn(observe::in_service(name, scoped)),
            None => tokio::spawn(scoped),
        }
    }

    /// A context for a call that this one makes: the same id, trace, deadline and identity, a new span.
    pub fn child(&self) -> Self {
        Self::assemble(
            self.inner.correlation_id,
            self.inner.trace.child(),
            self.deadline(),
            None,
            self.found_above(),
        )
    }

    /// This context with a deadline that is the earlier of its own and `deadline`.
    pub fn with_deadline(&self, deadline: Deadline) -> Self {
        let earlier = self.deadline().map_or(deadline, |own| own.min(deadline));
        Self::assemble(
            self.inner.correlation_id,
            self.inner.trace.clone(),
            Some(earlier),
            None,
            self.found_above(),
        )
    }

    /// This context with a bound that holds until the head of the answer is there; for layers that set the default.
    ///
    /// An answer that streams may well take longer than the default deadline of a server: see
    /// [`Context::lift_default_deadline`].
    pub fn with_default_deadline(&self, default: Deadline) -> Self {
        Self::assemble(
            self.inner.correlation_id,
            self.inner.trace.clone(),
            self.inner.given,
            Some(default),
            self.found_above(),
        )
    }

    /// Ends the server's own default bound; a deadline that the caller gave stays.
    ///
    /// Called when the head of an answer is there, and before a handler that streams: such a call may last as long as
    /// its caller wants.
    pub fn lift_default_deadline(&self) {
        self.inner.default_lifted.store(true, Ordering::Release);
    }

    /// The id that all log lines, answers, calls and events of this request share.
    pub fn correlation_id(&self) -> &CorrelationId {
        &self.inner.correlation_id
    }

    /// Where this request stands in its trace.
    pub fn trace(&self) -> &TraceContext {
        &self.inner.trace
    }

    /// The point in time after which nobody waits for the answer; `None` where nobody set one.
    pub fn deadline(&self) -> Option<Deadline> {
        let lifted = self.inner.default_lifted.load(Ordering::Acquire);
        let default = self.inner.default.filter(|_| !lifted);
        [self.inner.given, default].into_iter().flatten().min()
    }

    /// Who is calling, once the authentication layer has seen it; `None` for anonymous callers.
    pub fn principal(&self) -> Option<&Principal> {
        self.identity().and_then(Identity::principal)
    }

    /// What authentication found; `None` where no authentication layer ran.
    pub fn identity(&self) -> Option<&Identity> {
        self.findings().identity.get()
    }

    /// Records who is calling; the first call wins, so that nothing can replace an identity later.
    pub(crate) fn set_identity(&self, identity: Identity) {
        // A second layer must not overrule the outer one; ignoring it keeps the stricter, first answer.
        let _ = self.findings().identity.set(identity);
    }

    /// The route or RPC that answers, once it is known.
    pub fn route(&self) -> Option<&observe::Route> {
        self.findings().route.get()
    }

    /// Records which route or RPC answers: the label of metrics and log lines. The first call wins.
    pub fn set_route(&self, route: observe::Route) {
        let _ = self.findings().route.set(route);
    }

    /// What went wrong while answering, for the log line; never shown to a caller.
    pub fn failure(&self) -> Option<&observe::Failure> {
        self.findings().failure.get()
    }

    /// Records what went wrong while answering. The first call wins.
    pub fn set_failure(&self, failure: observe::Failure) {
        let _ = self.findings().failure.set(failure);
    }

    fn findings(&self) -> &Findings {
        let mut context = self;
        loop {
            match &context.inner.found {
                Found::Here(findings) => return findings,
                Found::Above(above) => context = above,
            }
        }
    }

    fn found_above(&self) -> Found {
        match &self.inner.found {
            Found::Here(_) => Found::Above(self.clone()),
            Found::Above(top) => Found::Above(top.clone()),
        }
    }

    fn assemble(
        correlation_id: CorrelationId,
        trace: TraceContext,
        given: Option<Deadline>,
        default: Option<Deadline>,
        found: Found,
    ) -> Self {
        let inner = Inner {
            correlation_id,
            trace,
            given,
            default,
            default_lifted: AtomicBool::new(false),
            found,
        };
        Self {
            inner: Arc::new(inner),
        }
    }
}

impl Found {
    fn new() -> Self {
        Self::Here(Findings::default())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("correlation_id", &self.inner.correlation_id)
            .field("trace", &self.inner.trace)
            .field("deadline", &self.deadline())
            .field("route", &self.route())
            .finish_non_exhaustive()
    }
}
