//! What is done when something happened, over traits: no store, no wire.

mod ports;
mod welcome;

pub use ports::{Letter, Mailbox, MailboxReader, Page, Slice};
pub use welcome::Welcome;
