//! How the file of the users became what it is.

use msf_service::bus::outbox::OUTBOX_SCHEMA;
use msf_service::store::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "users", USERS_SCHEMA),
    Migration::new(2, "outbox", OUTBOX_SCHEMA),
    Migration::new(3, "versions", VERSIONS_SCHEMA),
];

const USERS_SCHEMA: &str = "CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL, -- microseconds since 1970
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_role ON users (role);";

// Nobody could be changed before.
const VERSIONS_SCHEMA: &str = "ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1;";
