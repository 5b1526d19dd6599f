//! The tables of the file. Times are milliseconds since 1970.

use msf_store::Migration;

/// What has to be there; a change is a further migration at the end.
pub(super) const MIGRATIONS: &[Migration] = &[Migration::new(1, "events", EVENTS)];

// `due` is 0 for what may be taken now, else the time from which on it may be: the end of a lease or of a wait. So a claim
// finds the oldest without looking at what waits for a retry, however much that is. A `seq` is larger than all that are queued, and may have been
// that of an event which is gone; AUTOINCREMENT would cost a tenth of the speed, and a claim has a number of its own.
const EVENTS: &str = "
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE bindings (
  stream TEXT NOT NULL,
  subscription INTEGER NOT NULL,
  seen_at INTEGER NOT NULL, -- when a consumer last said that it wants the stream
  PRIMARY KEY (stream, subscription)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
  seq INTEGER PRIMARY KEY,
  subscription INTEGER NOT NULL,
  due INTEGER NOT NULL,
  attempt INTEGER NOT NULL, -- from 1
  deliveries INTEGER NOT NULL, -- since the last verdict
  claimed_by BLOB,
  redriven INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  key TEXT,
  history TEXT, -- JSON: [{at, error}], oldest first
  attributes TEXT NOT NULL, -- JSON
  data BLOB NOT NULL
) STRICT;
CREATE INDEX queue_due ON queue (subscription, due);
CREATE INDEX queue_keys ON queue (subscription, key) WHERE key IS NOT NULL;

CREATE TABLE unrouted (
  seq INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  event_id TEXT NOT NULL,
  key TEXT,
  attributes TEXT NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX unrouted_streams ON unrouted (stream);

CREATE TABLE dead (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  subscription TEXT NOT NULL, -- its name
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  error TEXT NOT NULL,
  redriven INTEGER NOT NULL,
  key TEXT,
  history TEXT,
  attributes TEXT NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (subscription, event_id)
) STRICT;
";
