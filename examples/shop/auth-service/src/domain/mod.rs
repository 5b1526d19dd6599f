//! What a login says, and what makes it worth a look. No framework, no store, no wire.

mod credentials;
mod violation;

pub use credentials::Credentials;
pub use violation::Violation;
