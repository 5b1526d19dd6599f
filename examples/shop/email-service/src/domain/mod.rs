//! What an e-mail is, and what stands in one. No framework, no store, no wire.

mod address;
mod line;
mod mail;
mod markup;
mod welcome;

pub use address::{Address, InvalidAddress};
pub use line::Line;
pub use mail::{Mail, MailId};
pub use markup::escape;
pub use welcome::{Content, welcome};
