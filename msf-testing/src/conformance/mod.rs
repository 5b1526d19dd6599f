//! What a transport, an outbox and an inbox promise, as a suite that the author of one runs with one call each.
//!
//! Each promise is one case with a name. Every case has streams and subscriptions of its own, so that the suite may run over a
//! real broker, again and again. A case that fails, panics or hangs is named, and the others still run.
//!
//! What people wrongly assume:
//!
//! - *"It worked with one consumer, so it works."* What is lost is lost at the edges: a consumer that dies with an event in
//!   hand, a second process, a `next` that was dropped while it waited.
//! - *"The suite proves that nothing is lost."* It drops what a crash would end, within one process. kill -9 of real processes
//!   is another test.
//! - *"Paused time makes it fast."* Real parts do not know of it. Give the part under test a
//!   [`FakeClock`](crate::FakeClock) and move that in `pass`.
//!
//! ```
//! use std::time::Duration;
//!
//! use msf_bus::EmbeddedTransport;
//! use msf_testing::FakeClock;
//! use msf_testing::conformance::{self, TransportFactory};
//!
//! struct Embedded {
//!     folder: tempfile::TempDir,
//!     clock: FakeClock,
//! }
//!
//! impl TransportFactory for Embedded {
//!     type Transport = EmbeddedTransport;
//!
//!     async fn open(&self) -> EmbeddedTransport {
//!         EmbeddedTransport::open(self.folder.path().join("bus.db"), self.clock.clock()).unwrap()
//!     }
//!
//!     async fn pass(&self, time: Duration) {
//!         self.clock.advance(time);
//!     }
//! }
//!
//! # async fn test() {
//! # let embedded = Embedded { folder: tempfile::tempdir().unwrap(), clock: FakeClock::new(std::time::UNIX_EPOCH) };
//! // In a test:
//! conformance::transport(embedded).await.assert_ok();
//! # }
//! ```

mod inbox;
mod outbox;
mod report;
mod sample;
mod transport;

pub use inbox::{InboxFactory, inbox};
pub use outbox::{OutboxFactory, outbox};
pub use report::{Case, Report};
pub use transport::{TransportFactory, transport, transport_where};
