//! The outside that the use cases need, made of real parts.

mod sqlite;

pub(crate) use sqlite::SqliteProducts;
