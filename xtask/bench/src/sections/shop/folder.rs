//! The data folder of a shop: made by its services, filled past them.

use std::path::Path;

use msf_service::store::sqlite::rusqlite::{self, Connection};

use super::{ADMIN, Addresses, Form, Ground, PASSWORD, PRODUCTS, SERVICES, USERS};
use crate::measure::{Place, Void};

/// How many categories the products are in, equally many in each.
pub(in crate::sections) const CATEGORIES: usize = 10;

/// The ids sort by number, as those of the services sort by time; the services' own are newer than these.
const NUMBERS: &str =
    "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?1)";
const USERS_SQL: &str = "INSERT INTO users
  (id, email, email_key, name, role, password_hash, created_at, updated_at)
  SELECT printf('01900000-0000-7000-8000-%012x', n), 'user-' || n || '@bench.example', 'user-' || n || '@bench.example',
    'User ' || n, 'user', (SELECT password_hash FROM users WHERE email_key = ?2), 1700000000000000 + n, 1700000000000000 + n
  FROM numbers";
const PRODUCTS_SQL: &str = "INSERT INTO products
  (id, name, description, price, category, stock, image_url, created_at, updated_at, version)
  SELECT printf('01900000-0000-7000-8000-%012x', n), 'Product ' || n, ?2, 100 + n % 10000, 'category-' || (n % ?3), 7, '',
    1700000000000000 + n, 1700000000000000 + n, 1
  FROM numbers";
const DESCRIPTION: &str = "A thing that somebody may want to have. It is described in two sentences, which is about as \
                           much as most shops say of most of their things.";

/// Lets the services make their files in `data`, with an admin.
pub(in crate::sections) fn prepare(ground: &Ground, form: Form, data: &Path) -> Result<(), Void> {
    std::fs::create_dir_all(data)?;
    // In one process each service's settings begin with its name.
    let prefix = match form {
        Form::One => "user-service.",
        Form::Five => "",
    };
    let admin = [
        "--set".to_owned(),
        format!("{prefix}auth.first_admin.email={ADMIN}"),
        "--set".to_owned(),
        format!("{prefix}auth.first_admin.password={PASSWORD}"),
    ];
    let addresses = Addresses::reserve()?;
    let programs: &[&str] = match form {
        Form::One => &["shop"],
        Form::Five => &SERVICES,
    };
    for program in programs {
        let mut arguments = match form {
            Form::One => vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()],
            Form::Five => addresses.arguments(program),
        };
        if matches!(*program, USERS | "shop") {
            arguments.extend(admin.clone());
        }
        ground.start(program, &arguments, data, Place::Anywhere)?;
    }
    Ok(())
}

/// Writes `count` users and products into the files of a shop that does not run. Everybody has the admin's password.
pub(in crate::sections) fn fill(data: &Path, count: usize) -> Result<(), Void> {
    let count = i64::try_from(count).map_err(|error| Void::new(error.to_string()))?;
    write(data, USERS, |file| {
        file.execute(&format!("{NUMBERS} {USERS_SQL}"), (count, ADMIN))
    })?;
    write(data, PRODUCTS, |file| {
        let categories = i64::try_from(CATEGORIES).unwrap_or(i64::MAX);
        let values = (count, DESCRIPTION, categories);
        file.execute(&format!("{NUMBERS} {PRODUCTS_SQL}"), values)
    })
}

fn write(
    data: &Path,
    service: &str,
    insert: impl FnOnce(&Connection) -> rusqlite::Result<usize>,
) -> Result<(), Void> {
    let path = data.join(service).with_extension("db");
    let failed = |error: rusqlite::Error| Void::new(format!("{}: {error}", path.display()));
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let mut file = Connection::open_with_flags(&path, flags).map_err(failed)?;
    let transaction = file.transaction().map_err(failed)?;
    insert(&transaction).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")
        .map_err(failed)
}
