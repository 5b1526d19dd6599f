//! Calls to other services: one [`Channel`] for gRPC over TCP and for gRPC inside the process.
//!
//! Generated clients take a [`Channel`] and do not know which wire is behind it. Each call carries the caller's
//! [context](msf_core::context): the correlation id, the trace with a new span, and what is left of the deadline.
//!
//! # The order, outer to inner
//!
//! 1. Context: the current one (else a new one) gets a child. What is left of its deadline and the id are written into
//!    the headers. First, because all that follows belongs to the same trace.
//! 2. Span and metric of the whole call, `rpc_client_duration_seconds`. Outside of everything that can fail or be tried
//!    again, so that they show what the caller waited for.
//! 3. Deadline: nothing left, nothing sent; else a timer over all that follows. Inside of the metric, so that it counts.
//! 4. The wire: a connection, or the other service's whole stack, access rules included.
//!
//! Nothing tries a call again or balances between several peers.
//!
//! # What people wrongly assume
//!
//! * *The identity goes along.* No header of an incoming request is passed on; a channel proves who is calling only where it
//!   was told how ([`Channel::identify`]). In the process, extensions and task-locals
//!   stay on their side too: a call is as anonymous as one over TCP, and meets the same rules.
//! * *A call inside the process runs by itself.* It runs in the caller's task: a stream moves when it is polled. Who
//!   sends into a bidirectional call from the same task that ought to read its answers waits for himself.
//! * *UNAVAILABLE tells where the fault is.* It names the client and its address and no more. The cause is in the log, and
//!   in the status' `source`.
//!
//! # Example
//!
//! ```
//! use msf_service::client::{Channel, Local};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let remote = Channel::tcp("user-service", "http://127.0.0.1:8082")?;
//! # drop(remote);
//! let local = Local::new();
//! let near = Channel::in_process("user-service", &local);
//!
//! let mut client = tonic_health::pb::health_client::HealthClient::new(near);
//! let status = client.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap_err();
//! assert_eq!(status.code(), tonic::Code::Unavailable); // nothing is registered under this name (yet)
//! # Ok(())
//! # }
//! ```

mod body;
mod call;
mod channel;
mod failure;
mod local;
mod meter;
mod record;
mod request;
mod tcp;
mod visit;

pub use self::body::ResponseBody;
pub use self::channel::{Channel, DEFAULT_DEADLINE};
pub use self::local::{Local, Registration};
pub use self::tcp::InvalidUrl;
