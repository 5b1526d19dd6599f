//! How an effect happens once although its event may be delivered twice.
//!
//! The receipt of the delivery is recorded in the same write as the effect. A repeated delivery finds it, has no effect and is
//! a success.
//!
//! What people wrongly assume:
//!
//! - *"Mark it done, then do it."* A crash in between has lost the effect.
//! - *"Do it, then mark it done."* A crash in between has the effect twice. It has to be one write.
//! - *"Exactly once is for any effect."* Only for those in the same store. What leaves the store, such as a mail over SMTP,
//!   happens at least once; give it an id that stays the same.

#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use sqlite::{INBOX_SCHEMA, once};
