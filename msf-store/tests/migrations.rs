//! Migrations: once, in order, whole or not at all.
#![cfg(feature = "sqlite")]

mod support;

use std::time::{Duration, SystemTime};

use msf_core::clock::FakeClock;
use msf_core::error::chain;
use msf_store::sqlite::{Connection, Database, Error, Options, Result};
use msf_store::{Migration, MigrationError};
use tempfile::TempDir;

const USERS: Migration = Migration::new(
    1,
    "users",
    "CREATE TABLE users (id INTEGER PRIMARY KEY) STRICT",
);
const ORDERS: Migration = Migration::new(
    2,
    "orders",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE) STRICT;
     INSERT INTO users VALUES (1);
     INSERT INTO orders VALUES (10, 1);",
);

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn open(&self, migrations: &[Migration]) -> Result<Database> {
        Database::open(self.folder.path().join("shop.db"), migrations)
    }

    /// The file as another program sees it.
    fn plain(&self) -> Connection {
        Connection::open(self.folder.path().join("shop.db")).unwrap()
    }

    fn applied(&self) -> Vec<u32> {
        let plain = self.plain();
        let mut statement = plain
            .prepare("SELECT version FROM msf_migrations ORDER BY version")
            .unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    fn tables(&self) -> Vec<String> {
        let plain = self.plain();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'msf_migrations' ORDER BY name";
        let mut statement = plain.prepare(sql).unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    fn refused(&self, migrations: &[Migration]) -> MigrationError {
        match self.open(migrations) {
            Err(Error::Migration(error)) => error,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn each_runs_once_and_is_recorded() {
    let file = File::new();
    let clock = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
    let options = Options::new().clock(clock.clock());
    drop(
        options
            .open(file.folder.path().join("shop.db"), &[USERS])
            .unwrap(),
    );
    assert_eq!(
        (file.applied(), file.tables()),
        (vec![1], vec!["users".to_owned()])
    );
    // ORDERS inserts rows with fixed keys, so running it twice fails.
    drop(file.open(&[USERS, ORDERS]).unwrap());
    drop(file.open(&[USERS, ORDERS]).unwrap());
    assert_eq!(file.applied(), [1, 2]);
    let recorded: (String, String, i64) = file
        .plain()
        .query_row(
            "SELECT name, checksum, applied_at FROM msf_migrations WHERE version = 1",
            [],
            |row| row.try_into(),
        )
        .unwrap();
    assert_eq!(
        recorded,
        ("users".to_owned(), USERS.checksum(), 1_700_000_000_123)
    );
}

#[test]
fn a_changed_text_is_refused() {
    let file = File::new();
    drop(file.open(&[USERS, ORDERS]).unwrap());
    let changed = Migration::new(
        1,
        "users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT) STRICT",
    );
    let refused = file.refused(&[changed, ORDERS]);
    assert!(
        matches!(refused, MigrationError::Changed { version: 1, .. }),
        "{refused:?}"
    );
    assert!(
        refused.to_string().contains("restore that text"),
        "{refused}"
    );
    // Another name is only another name.
    drop(
        file.open(&[Migration::new(1, "people", USERS.sql), ORDERS])
            .unwrap(),
    );
}

#[test]
fn a_file_of_a_newer_program_is_refused() {
    let file = File::new();
    drop(file.open(&[USERS, ORDERS]).unwrap());
    let refused = file.refused(&[USERS]);
    assert!(
        matches!(&refused, MigrationError::Unknown { version: 2, name } if name == "orders"),
        "{refused:?}"
    );
    assert!(
        refused
            .to_string()
            .contains("a newer version of this program"),
        "{refused}"
    );
}

#[test]
fn a_record_with_a_hole_is_refused() {
    let file = File::new();
    drop(file.open(&[USERS, ORDERS]).unwrap());
    file.plain()
        .execute("DELETE FROM msf_migrations WHERE version = 1", [])
        .unwrap();
    let refused = file.refused(&[USERS, ORDERS]);
    assert!(
        matches!(refused, MigrationError::Missing { version: 1, .. }),
        "{refused:?}"
    );
}

#[test]
fn a_list_with_a_hole_or_a_double_is_refused_before_anything_runs() {
    let file = File::new();
    for list in [
        &[ORDERS][..],
        &[USERS, USERS],
        &[USERS, Migration::new(3, "third", "SELECT 1")],
    ] {
        let refused = file.refused(list);
        assert!(
            matches!(refused, MigrationError::Order { .. }),
            "{refused:?}"
        );
    }
    assert!(file.tables().is_empty());
}

#[test]
fn one_that_fails_leaves_nothing_behind_and_keeps_those_before_it() {
    let file = File::new();
    let broken = Migration::new(
        2,
        "broken",
        "CREATE TABLE half (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1)",
    );
    let refused = file.refused(&[USERS, broken]);
    let text = chain(&refused);
    assert!(
        text.starts_with("migration 2 `broken` failed and left nothing behind: "),
        "{text}"
    );
    assert!(text.contains("no such table: nowhere"), "{text}");
    assert_eq!(
        (file.applied(), file.tables()),
        (vec![1], vec!["users".to_owned()])
    );
    drop(file.open(&[USERS, ORDERS]).unwrap());
}

#[test]
fn one_that_ends_its_transaction_is_refused() {
    for sql in [
        "CREATE TABLE half (id INTEGER) STRICT; COMMIT",
        "ROLLBACK",
        "PRAGMA synchronous = OFF",
    ] {
        let file = File::new();
        let refused = chain(&file.refused(&[USERS, Migration::new(2, "ends", sql)]));
        assert!(
            refused.contains("may not begin or end a transaction"),
            "{sql}: {refused}"
        );
        assert_eq!(file.tables(), ["users"], "{sql}");
    }
}

#[tokio::test]
async fn a_table_can_be_made_anew_without_losing_what_refers_to_it() {
    let file = File::new();
    let anew = Migration::new(
        3,
        "user names",
        "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '') STRICT;
         INSERT INTO new_users (id) SELECT id FROM users;
         DROP TABLE users;
         ALTER TABLE new_users RENAME TO users;",
    );
    let database = file.open(&[USERS, ORDERS, anew]).unwrap();
    let orders = database.read(|db| -> Result<i64> {
        Ok(db.query_row("SELECT count(*) FROM orders", [], |row| row.get(0))?)
    });
    assert_eq!(orders.await.unwrap(), 1);
    let orphan = database
        .write(|tx| -> Result<_> { Ok(tx.execute("INSERT INTO orders VALUES (11, 99)", [])?) });
    assert!(orphan.await.unwrap_err().is_foreign_key_violation());
}

#[test]
fn one_that_leaves_orphans_fails() {
    let file = File::new();
    let orphans = Migration::new(3, "orphans", "DELETE FROM users");
    let refused = chain(&file.refused(&[USERS, ORDERS, orphans]));
    assert!(
        refused.contains("rows refer to rows that do not exist"),
        "{refused}"
    );
    assert_eq!(file.applied(), [1, 2]);
}

#[test]
fn a_lock_that_is_held_for_a_moment_is_waited_for() {
    let file = File::new();
    drop(file.open(&[USERS]).unwrap());
    let other = file.plain();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let path = file.folder.path().join("shop.db");
    let opening = std::thread::spawn(move || Database::open(path, &[USERS, ORDERS]).map(drop));
    // The lock is let go some time after the other thread began; both orders have to succeed.
    while !opening.is_finished() && !other.is_autocommit() {
        std::thread::yield_now();
        other.execute_batch("COMMIT").unwrap();
    }
    opening.join().unwrap().unwrap();
    assert_eq!(file.applied(), [1, 2]);

    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let options = Options::new().busy_timeout(Duration::from_millis(50));
    let busy = options
        .open(file.folder.path().join("shop.db"), &[USERS, ORDERS])
        .unwrap_err();
    assert!(chain(&busy).contains("the database is busy"), "{busy:?}");
}
