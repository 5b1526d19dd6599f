//! What a user is, and what makes one valid. No framework, no store, no wire.

mod email;
mod name;
mod role;
mod user;
mod violation;

pub use email::Email;
pub use name::Name;
pub use role::Role;
pub use user::{User, UserId};
pub use violation::Violation;
