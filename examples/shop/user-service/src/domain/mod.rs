//! What a user is, and what makes one valid. No framework, no store, no wire.

mod changes;
mod email;
mod name;
mod page;
mod role;
mod user;
mod violation;

pub use changes::Changes;
pub use email::Email;
pub use name::Name;
pub use page::Page;
pub use role::Role;
pub use user::{User, UserId};
pub use violation::Violation;
