//! What is seen of a request: its span, one flat log line, and its RED metrics (rate, errors, duration).
//!
//! [`ObserveLayer`] goes right inside the [`ContextLayer`](crate::context::ContextLayer). It emits one event per
//! request when its answer is over, with keys of their own (no nested span JSON: that costs three times as much), and
//! one histogram per protocol under the names of the OpenTelemetry conventions.
//!
//! What people wrongly assume:
//!
//! - *"The path is a good label."* A scanner makes a new path, and so a new time series, with each request. Labels are
//!   the matched [`Route`] or the word `unmatched`, never the path; methods other than the standard ones are `other`.
//! - *"A request ends when its head is sent."* A stream fails later, in its trailers: the line and the metrics are
//!   written when the body has ended, or was dropped.
//!
//! ```
//! use msf_core::observe::ObserveLayer;
//! let layer = ObserveLayer::new("user-service");
//! # let _ = layer;
//! ```

mod body;
mod layer;
mod meter;
mod record;
mod route;
mod service_name;

pub use body::ObservedBody;
pub use layer::{ObserveLayer, ObserveService, ResponseFuture};
pub use route::{Failure, Route};
pub use service_name::{in_service, service_name};
