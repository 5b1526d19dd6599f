//! What one can do with users, over traits: no store, no wire.

#[cfg(test)]
mod fakes;
mod first_admin;
mod get_user;
mod invalid;
mod ports;
mod register;
mod verify_credentials;

pub use first_admin::{Appointed, FirstAdmin};
pub use get_user::GetUser;
pub use ports::{Credentials, InsertError, Passwords, Users, Verdict};
pub use register::{Register, Registration};
pub use verify_credentials::VerifyCredentials;
