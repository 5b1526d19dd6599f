//! What lies in the files of the shop, read from outside.

use std::collections::BTreeSet;
use std::path::Path;

use msf_service::store::sqlite::rusqlite::{Connection, OpenFlags};

/// The files in one data folder.
pub(crate) struct Stores<'a>(pub(crate) &'a Path);

impl Stores<'_> {
    fn open(&self, file: &str) -> Connection {
        let path = self.0.join(file);
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .unwrap();
        connection
    }

    fn count(&self, file: &str, sql: &str) -> u64 {
        let count: i64 = self
            .open(file)
            .query_row(sql, [], |row| row.get(0))
            .unwrap();
        u64::try_from(count).unwrap()
    }

    /// Events that are committed with their user and not known to be published.
    pub(crate) fn unpublished(&self) -> u64 {
        self.count("user-service.db", "SELECT count(*) FROM msf_outbox")
    }

    /// Events that are published and not handled.
    pub(crate) fn unhandled(&self) -> u64 {
        self.count(
            "bus.db",
            "SELECT (SELECT count(*) FROM queue) + (SELECT count(*) FROM unrouted)",
        )
    }

    pub(crate) fn dead_letters(&self) -> u64 {
        self.count("bus.db", "SELECT count(*) FROM dead")
    }

    /// The addresses of all users but the first admin.
    pub(crate) fn users(&self) -> BTreeSet<String> {
        let connection = self.open("user-service.db");
        let mut statement = connection
            .prepare("SELECT email FROM users WHERE role <> 'admin'")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}
