//! A notebook in one file: migrations, a repository, writes, reads, and the errors that a service tells apart.
//!
//! `cargo run -p msf-store --features sqlite --example keep_state`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use msf_core::error::{Error as ApiError, Kind};
use msf_store::Migration;
use msf_store::sqlite::{self, Connection, Database, Transaction, rusqlite};

// ANCHOR: migrations
const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "notes",
        "CREATE TABLE notes (title TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT",
    ),
    Migration::new(
        2,
        "pins",
        "ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
    ),
];
// ANCHOR_END: migrations

// ANCHOR: repository
/// What can go wrong in the terms of this service.
#[derive(Debug)]
enum NoteError {
    TitleTaken,
    Store(sqlite::Error),
}

impl From<sqlite::Error> for NoteError {
    fn from(error: sqlite::Error) -> Self {
        if error.is_unique_violation() {
            Self::TitleTaken
        } else {
            Self::Store(error)
        }
    }
}

impl From<rusqlite::Error> for NoteError {
    fn from(error: rusqlite::Error) -> Self {
        sqlite::Error::from(error).into()
    }
}

impl From<NoteError> for ApiError {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::TitleTaken => {
                Self::new(Kind::AlreadyExists, "note.title", "a note has this title")
            }
            NoteError::Store(error) => error.into(),
        }
    }
}

#[derive(Clone, Debug)]
struct Notes {
    database: Database,
}

impl Notes {
    async fn add(&self, title: String, text: String) -> Result<(), NoteError> {
        self.database
            .write(move |tx| insert(tx, &title, &text))
            .await
    }

    async fn titles(&self) -> Result<Vec<String>, NoteError> {
        self.database.read(titles).await
    }
}

fn insert(tx: &Transaction<'_>, title: &str, text: &str) -> Result<(), NoteError> {
    tx.prepare_cached("INSERT INTO notes (title, text) VALUES (?1, ?2)")?
        .execute([title, text])?;
    Ok(())
}

fn titles(db: &Connection) -> Result<Vec<String>, NoteError> {
    let mut statement = db.prepare_cached("SELECT title FROM notes ORDER BY title")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
// ANCHOR_END: repository

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    // ANCHOR: open
    let database = Database::open(folder.path().join("notes.db"), MIGRATIONS)?;
    // ANCHOR_END: open
    let notes = Notes {
        database: database.clone(),
    };

    let text = "Milk, bread".to_owned();
    for attempt in 1..=2 {
        let added = notes.add("Shopping".to_owned(), text.clone()).await;
        match added.map_err(ApiError::from) {
            Ok(()) => println!("attempt {attempt}: stored"),
            Err(error) => println!("attempt {attempt}: {error}"),
        }
    }
    let titles = notes.titles().await.map_err(ApiError::from)?;
    println!("titles: {titles:?}");

    database.close().await;
    Ok(())
}
