//! The JSON Schema of an event as a file in the repository, so that a change that would break a reader fails a test.
//!
//! The file is what the services that are already out there were built with. A test compares it with the Rust type of today.
//!
//! What people wrongly assume:
//!
//! - *"I deploy all at once, so I may change an event."* Events of yesterday still wait in outboxes, queues and dead letters,
//!   and are read by the code of today.
//! - *"A field that nobody reads can go."* Only its readers know that; the type does not.
//! - *"One more value of an enum is no change."* A reader that was built before cannot read it. It is possible, but
//!   readers are deployed first: until then such an event is one of their dead letters.
//!
//! ```no_run
//! use msf_service::bus::Event;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, schemars::JsonSchema, Event)]
//! #[event(name = "orders.order-placed")]
//! struct OrderPlaced {
//!     #[event(key)]
//!     order_id: String,
//! }
//!
//! // In a test; `MSF_BLESS=1 cargo test` writes `schemas/orders.order-placed.v1.json` the first time.
//! msf_testing::golden_schema::<OrderPlaced>("schemas");
//! ```

mod alternatives;
mod change;
mod compare;
mod fields;
mod golden;
mod scalar;

pub use change::{Change, Effect};
pub use compare::compare;
pub use golden::{SchemaError, check_schema, golden_schema};
