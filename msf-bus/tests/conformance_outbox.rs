//! The outbox in SQLite keeps what an outbox promises.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use msf_bus::Outgoing;
use msf_bus::outbox::{OUTBOX_SCHEMA, Outbox, SqliteOutbox};
use msf_core::BoxError;
use msf_core::clock::FakeClock;
use msf_store::Migration;
use msf_store::sqlite::Database;
use msf_testing::conformance::{self, OutboxFactory};

const MIGRATIONS: &[Migration] = &[Migration::new(1, "outbox", OUTBOX_SCHEMA)];

struct Sqlite {
    folder: tempfile::TempDir,
    clock: FakeClock,
}

impl OutboxFactory for Sqlite {
    type Store = (Database, SqliteOutbox);

    async fn open(&self) -> Self::Store {
        let file = self.folder.path().join("users.db");
        let database = Database::open(file, MIGRATIONS).unwrap();
        let outbox = SqliteOutbox::new(database.clone(), self.clock.clock());
        (database, outbox)
    }

    fn outbox(&self, (_, outbox): &Self::Store) -> Arc<dyn Outbox> {
        Arc::new(outbox.clone())
    }

    async fn stage(
        &self,
        (database, outbox): &Self::Store,
        outgoing: Outgoing,
    ) -> Result<(), BoxError> {
        let outbox = outbox.clone();
        let stored: msf_store::sqlite::Result<()> =
            database.write(move |tx| outbox.stage(tx, outgoing)).await;
        Ok(stored?)
    }

    async fn stage_and_roll_back(&self, (database, outbox): &Self::Store, outgoing: Outgoing) {
        let outbox = outbox.clone();
        let refused: Result<(), BoxError> = database
            .write(move |tx| {
                outbox.stage(tx, outgoing)?;
                Err("a change of mind".into())
            })
            .await;
        assert!(refused.is_err());
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

#[tokio::test]
async fn the_outbox_in_sqlite_conforms() {
    let report = conformance::outbox(Sqlite {
        folder: tempfile::tempdir().unwrap(),
        clock: FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
    })
    .await;
    report.assert_ok();
}
