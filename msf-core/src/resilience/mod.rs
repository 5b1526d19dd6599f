//! Bounds: how long a request may take, how many may be in hand, how large a body may be, and what a panic ends.
//!
//! Each layer answers in the caller's protocol: problem+json, or a gRPC status with HTTP 200. Outer to inner they go
//! [`CatchPanicLayer`], [`BodyLimitLayer`], [`InFlightLayer`], [`DeadlineLayer`], all inside of
//! [`ContextLayer`](crate::context::ContextLayer) and [`ObserveLayer`](crate::observe::ObserveLayer), so that what they
//! refuse is logged, counted and carries its correlation id.
//!
//! What people wrongly assume:
//!
//! - *"A concurrency limit behind axum limits."* A limit that is cloned with each connection counts for each
//!   connection. Here all clones of a layer's services share one count.
//! - *"A queue helps under overload."* A request that waited past its deadline is work for nobody: it is answered
//!   without running the handler, and the queue is bounded.
//! - *"A permit ends with the head."* A stream is work until its last item: the permit is held until the body is over.
//!
//! ```
//! use axum::{Router, routing::get};
//! use msf_core::resilience::{CatchPanicLayer, DeadlineLayer, InFlightLayer};
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "hello" }))
//!     .layer(DeadlineLayer::new())
//!     .layer(InFlightLayer::new(512))
//!     .layer(CatchPanicLayer::new());
//! ```

mod answer_body;
mod body_limit;
mod catch_panic;
mod deadline;
mod ended;
mod in_flight;

pub use body_limit::{BodyLimitFuture, BodyLimitLayer, BodyLimitService};
pub use catch_panic::{CatchPanicBody, CatchPanicFuture, CatchPanicLayer, CatchPanicService};
pub use deadline::{DeadlineBody, DeadlineFuture, DeadlineLayer, DeadlineService};
pub use in_flight::{InFlightBody, InFlightFuture, InFlightLayer, InFlightService};
