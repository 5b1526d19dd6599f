//! Events that are not lost: published with a change of state in one write, handled once, or kept as dead letters.
//!
//! A service that changes something stages an [`Outgoing`] event in the same write ([`outbox`]); a relay publishes it over a
//! [`Transport`]; each [`Subscription`] of each service gets it and records its receipt in the same write as its effect
//! ([`inbox`]). What cannot be handled ends as a [`dead_letter`].
//!
//! What people wrongly assume:
//!
//! - *"A broker delivers exactly once."* None does, this one included: at least once. Once is the effect, because the consumer
//!   records what it has done.
//! - *"Events arrive in order."* Those of one key do, for a subscription that asks for it ([`Subscription::ordered`]).
//! - *"An event is a request."* It tells what happened. Nobody answers, and who handles it is none of the sender's business.
//!
//! ```
//! use msf_bus::{Delivery, Event, Handled, Subscription};
//! use serde::{Deserialize, Serialize};
//!
//! /// A user has signed up.
//! #[derive(Serialize, Deserialize, Event)]
//! #[event(name = "users.user-registered", crate = "msf_bus")]
//! struct UserRegistered {
//!     #[event(key)]
//!     user_id: String,
//! }
//!
//! async fn welcome(delivery: Delivery<UserRegistered>) -> Handled {
//!     println!("welcome, {}", delivery.user_id);
//!     Ok(())
//! }
//!
//! let subscription = Subscription::new("welcome-mail").on(welcome);
//! # let _ = subscription;
//! ```
#![deny(missing_docs)]

pub mod crash;
pub mod dead_letter;
pub mod inbox;
pub mod outbox;
pub mod transport;

#[cfg(feature = "sqlite")]
mod attributes;
mod backoff;
mod consumer;
mod decode;
mod delivery;
#[cfg(feature = "sqlite")]
mod embedded;
mod envelope;
mod error;
mod event;
mod event_id;
mod event_type;
mod events;
mod handler;
#[cfg(feature = "sqlite")]
mod millis;
#[cfg(feature = "sqlite")]
mod missing;
mod outgoing;
mod record;
mod retry;
mod subscription;

pub use delivery::{Delivery, Receipt};
#[cfg(feature = "sqlite")]
pub use embedded::EmbeddedTransport;
pub use envelope::Envelope;
pub use error::{EncodeError, PublishError, TransportError};
pub use event::Event;
pub use event_id::{EventId, InvalidEventId};
pub use event_type::EventType;
pub use events::Events;
pub use handler::{Handle, Handled, HandlerError};
pub use outgoing::Outgoing;
pub use retry::Retry;
pub use subscription::Subscription;
pub use transport::Transport;
