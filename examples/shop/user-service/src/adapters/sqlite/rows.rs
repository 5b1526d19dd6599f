//! A user as a row, and the statements.

use std::time::{Duration, SystemTime};

use msf_service::error::Error;
use msf_service::store::sqlite::rusqlite::{Connection, OptionalExtension, Row, params};
use msf_service::store::sqlite::{self, Transaction};

use crate::application::Credentials;
use crate::domain::{Email, Name, Page, Role, User, UserId};

const COLUMNS: &str = "id, email, name, role, created_at, updated_at, version, password_hash";

pub(super) const BY_ID: &str = "id = ?1";
pub(super) const BY_EMAIL: &str = "email_key = ?1";

const PAGE: &str = "ORDER BY id LIMIT ?1 OFFSET ?2";
const TOTAL: &str = "SELECT count(*) FROM users";
const ANY_ADMIN: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')";
const OTHER_ADMINS: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND id <> ?1)";
const CHANGE: &str = "UPDATE users
    SET email = ?2, email_key = ?3, name = ?4, role = ?5, updated_at = ?6, version = ?7
    WHERE id = ?1";
const DELETE: &str = "DELETE FROM users WHERE id = ?1";

/// The row that a condition of this module is true for.
pub(super) fn find(
    connection: &Connection,
    condition: &str,
    value: &str,
) -> sqlite::Result<Option<Record>> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([value], record).optional()?)
}

/// The rows of a page: ids sort by the time at which they were made.
pub(super) fn page(connection: &Connection, page: Page) -> sqlite::Result<Vec<Record>> {
    let sql = format!("SELECT {COLUMNS} FROM users {PAGE}");
    let mut statement = connection.prepare_cached(&sql)?;
    let offset = i64::try_from(page.offset()).unwrap_or(i64::MAX);
    let rows = statement.query_map((page.size(), offset), record)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn total(connection: &Connection) -> sqlite::Result<u64> {
    let mut statement = connection.prepare_cached(TOTAL)?;
    let total: i64 = statement.query_row([], |row| row.get(0))?;
    Ok(total.unsigned_abs())
}

pub(super) fn any_admin(connection: &Connection) -> sqlite::Result<bool> {
    let mut statement = connection.prepare_cached(ANY_ADMIN)?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Whether anybody else than this one is admin.
pub(super) fn other_admins(connection: &Connection, than: UserId) -> sqlite::Result<bool> {
    let mut statement = connection.prepare_cached(OTHER_ADMINS)?;
    Ok(statement.query_row([than.to_string()], |row| row.get(0))?)
}

pub(super) fn insert(transaction: &Transaction<'_>, user: &User, hash: &str) -> sqlite::Result<()> {
    let sql = "INSERT INTO users
        (id, email, email_key, name, role, password_hash, created_at, updated_at, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    transaction.prepare_cached(sql)?.execute(params![
        user.id.to_string(),
        user.email.as_str(),
        user.email.key(),
        user.name.as_str(),
        user.role.as_str(),
        hash,
        to_micros(user.created_at),
        to_micros(user.updated_at),
        number(user.version),
    ])?;
    Ok(())
}

/// Writes all but the id, the password and the time of the beginning.
pub(super) fn change(transaction: &Transaction<'_>, user: &User) -> sqlite::Result<()> {
    transaction.prepare_cached(CHANGE)?.execute(params![
        user.id.to_string(),
        user.email.as_str(),
        user.email.key(),
        user.name.as_str(),
        user.role.as_str(),
        to_micros(user.updated_at),
        number(user.version),
    ])?;
    Ok(())
}

pub(super) fn delete(transaction: &Transaction<'_>, id: UserId) -> sqlite::Result<()> {
    transaction
        .prepare_cached(DELETE)?
        .execute([id.to_string()])?;
    Ok(())
}

/// A row as it is stored.
pub(super) struct Record {
    id: String,
    email: String,
    name: String,
    role: String,
    created_at: i64,
    updated_at: i64,
    version: i64,
    hash: String,
}

fn record(row: &Row<'_>) -> Result<Record, sqlite::rusqlite::Error> {
    Ok(Record {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        role: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        version: row.get(6)?,
        hash: row.get(7)?,
    })
}

impl Record {
    /// What was stored was valid when it was; what is not any more is a fault of ours, and no value of it is told.
    pub(super) fn into_credentials(self) -> Result<Credentials, Error> {
        let broken = |field: &str| {
            Error::internal(format!(
                "the stored {field} of user {} is not valid",
                self.id
            ))
        };
        let user = User {
            id: UserId::parse(&self.id).ok_or_else(|| broken("id"))?,
            email: Email::parse(&self.email).map_err(|_| broken("email"))?,
            name: Name::parse(&self.name).map_err(|_| broken("name"))?,
            role: Role::parse(&self.role).ok_or_else(|| broken("role"))?,
            created_at: from_micros(self.created_at),
            updated_at: from_micros(self.updated_at),
            version: self.version.unsigned_abs(),
        };
        Ok(Credentials {
            user,
            hash: self.hash,
        })
    }
}

/// Microseconds since 1970; a clock before that counts as 1970.
fn to_micros(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn from_micros(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

fn number(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::schema::MIGRATIONS;
    use super::*;

    fn plan(sql: &str) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            connection.execute_batch(migration.sql).unwrap();
        }
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let parameters = vec![1; explain.parameter_count()];
        explain
            .query_map(
                msf_service::store::sqlite::rusqlite::params_from_iter(parameters),
                |row| row.get(3),
            )
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    #[test]
    fn no_statement_sorts_or_reads_the_whole_table_for_one_row() {
        let by_id = "SEARCH users USING PRIMARY KEY (id=?)";
        for (sql, expected) in [
            (format!("SELECT {COLUMNS} FROM users WHERE {BY_ID}"), by_id),
            (
                format!("SELECT {COLUMNS} FROM users WHERE {BY_EMAIL}"),
                "SEARCH users USING INDEX sqlite_autoindex_users_2 (email_key=?)",
            ),
            (CHANGE.to_owned(), by_id),
            (DELETE.to_owned(), by_id),
            // In the order of the table, which is that of the ids: no sorting.
            (format!("SELECT {COLUMNS} FROM users {PAGE}"), "SCAN users"),
            (
                TOTAL.to_owned(),
                "SCAN users USING COVERING INDEX users_by_role",
            ),
        ] {
            assert_eq!(plan(&sql), [expected], "{sql}");
        }
        for sql in [ANY_ADMIN, OTHER_ADMINS] {
            let role = "SEARCH users USING COVERING INDEX users_by_role (role=?)";
            assert!(
                plan(sql).iter().any(|line| line == role),
                "{sql}: {:?}",
                plan(sql)
            );
        }
    }
}
