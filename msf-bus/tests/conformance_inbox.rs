//! The inbox in SQLite keeps what an inbox promises.

use msf_bus::{Receipt, inbox};
use msf_core::BoxError;
use msf_store::Migration;
use msf_store::sqlite::{self, Database};
use msf_testing::conformance::{self, InboxFactory};

const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "marks", "CREATE TABLE marks (mark TEXT NOT NULL) STRICT"),
    Migration::new(2, "inbox", inbox::INBOX_SCHEMA),
];

struct Sqlite(tempfile::TempDir);

impl InboxFactory for Sqlite {
    type Store = Database;

    async fn open(&self) -> Database {
        Database::open(self.0.path().join("mail.db"), MIGRATIONS).unwrap()
    }

    async fn apply(
        &self,
        store: &Database,
        receipt: Receipt,
        mark: String,
        fail: bool,
    ) -> Result<(), BoxError> {
        let applied: Result<_, BoxError> = store
            .write(move |tx| {
                inbox::once(tx, &receipt, |tx| {
                    tx.execute("INSERT INTO marks VALUES (?1)", [mark])?;
                    if fail {
                        Err("the effect failed".into())
                    } else {
                        Ok(())
                    }
                })
            })
            .await;
        applied.map(drop)
    }

    async fn marks(&self, store: &Database) -> Vec<String> {
        let marks: sqlite::Result<Vec<String>> = store
            .read(|db| {
                let mut all = db.prepare("SELECT mark FROM marks")?;
                let marks = all.query_map([], |row| row.get(0))?;
                Ok(marks.collect::<Result<_, _>>()?)
            })
            .await;
        marks.unwrap()
    }
}

#[tokio::test]
async fn the_inbox_in_sqlite_conforms() {
    let report = conformance::inbox(Sqlite(tempfile::tempdir().unwrap())).await;
    report.assert_ok();
}
