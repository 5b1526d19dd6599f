//! What one can do with users, over traits: no store, no wire.

mod administration;
mod delete_user;
#[cfg(test)]
mod fakes;
mod first_admin;
mod get_user;
mod invalid;
mod list_users;
mod ports;
mod register;
mod update_user;
mod verify_credentials;

pub use delete_user::DeleteUser;
pub use first_admin::{Appointed, FirstAdmin};
pub use get_user::GetUser;
pub use list_users::ListUsers;
pub use ports::{Credentials, Listed, Outcome, Passwords, Situation, Users, Verdict, WriteError};
pub use register::{Register, Registration};
pub use update_user::{Update, UpdateUser};
pub use verify_credentials::VerifyCredentials;
