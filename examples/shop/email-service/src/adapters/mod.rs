//! The outside that the application needs, made of real parts.

mod sqlite;

pub(crate) use sqlite::SqliteMailbox;
