//! The outside that the use cases need, made of real parts.

mod argon2;
mod sqlite;

pub(crate) use argon2::Argon2Passwords;
pub(crate) use sqlite::SqliteUsers;
