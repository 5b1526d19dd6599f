//! The mailbox in the embedded store.

use std::path::Path;
use std::time::{Duration, SystemTime};

use msf_service::bus::Receipt;
use msf_service::bus::inbox::{self, INBOX_SCHEMA};
use msf_service::clock::Clock;
use msf_service::error::Error;
use msf_service::store::Migration;
use msf_service::store::sqlite::rusqlite::{OptionalExtension, Row, params};
use msf_service::store::sqlite::{self, Connection, Database, Transaction, rusqlite};

use crate::application::{Letter, Mailbox, MailboxReader, Page, Slice};
use crate::domain::{Address, Content, Line, Mail, MailId};

const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "mails", MAILS_SCHEMA),
    Migration::new(2, "inbox", INBOX_SCHEMA),
];

/// `number` is the order in which mails came; nothing is ever deleted, so it has no gaps to fill.
const MAILS_SCHEMA: &str = "CREATE TABLE mails (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  recipient_key TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  received_at INTEGER NOT NULL -- microseconds since 1970
) STRICT;
CREATE INDEX mails_by_recipient ON mails (recipient_key);";

const COLUMNS: &str = "id, sender, recipient, subject, text, html, correlation_id, received_at";

/// The mailbox in one SQLite file. A clone is the same file.
#[derive(Clone, Debug)]
pub(crate) struct SqliteMailbox {
    database: Database,
    clock: Clock,
}

impl SqliteMailbox {
    /// Opens the file at `path`; makes it where it is not there.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or migrated.
    pub(crate) fn open(path: &Path, clock: Clock) -> Result<Self, sqlite::Error> {
        let database = Database::open(path, MIGRATIONS)?;
        Ok(Self { database, clock })
    }

    /// The file, for health checks and the end of the process.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

impl Mailbox for SqliteMailbox {
    async fn put_once(&self, receipt: Receipt, mail: Mail) -> Result<(), Error> {
        let clock = self.clock.clone();
        let put: Result<_, sqlite::Error> = self
            .database
            .write(move |transaction| {
                inbox::once(transaction, &receipt, |transaction| {
                    insert(transaction, &mail, clock.now())
                })
            })
            .await;
        put?;
        Ok(())
    }
}

impl MailboxReader for SqliteMailbox {
    async fn page(&self, to: Option<String>, slice: Slice) -> Result<Page, Error> {
        let read: Result<_, sqlite::Error> = self
            .database
            .read(move |connection| Ok(page(connection, to.as_deref(), slice)?))
            .await;
        let (records, total) = read?;
        let letters: Result<_, Error> = records.into_iter().map(Record::into_letter).collect();
        Ok(Page {
            letters: letters?,
            total,
        })
    }

    async fn by_id(&self, id: MailId) -> Result<Option<Letter>, Error> {
        let found: Result<_, sqlite::Error> = self
            .database
            .read(move |connection| {
                let sql = format!("SELECT {COLUMNS} FROM mails WHERE id = ?1");
                let mut statement = connection.prepare_cached(&sql)?;
                Ok(statement.query_row([id.to_string()], record).optional()?)
            })
            .await;
        found?.map(Record::into_letter).transpose()
    }
}

fn insert(transaction: &Transaction<'_>, mail: &Mail, now: SystemTime) -> sqlite::Result<()> {
    let sql = "INSERT INTO mails (id, sender, recipient, recipient_key, subject, text, html, correlation_id, received_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    transaction.prepare_cached(sql)?.execute(params![
        mail.id.to_string(),
        mail.from.as_str(),
        mail.to.as_str(),
        mail.to.key(),
        mail.content.subject.as_str(),
        mail.content.text,
        mail.content.html,
        mail.correlation_id,
        to_micros(now),
    ])?;
    Ok(())
}

fn page(
    connection: &Connection,
    to: Option<&str>,
    slice: Slice,
) -> rusqlite::Result<(Vec<Record>, u64)> {
    // Two statements each, so that SQLite can take the index where there is an address.
    let condition = match to {
        Some(_) => "recipient_key = ?1",
        None => "?1 IS NULL",
    };
    let offset = i64::try_from(slice.offset).unwrap_or(i64::MAX);
    let sql =
        format!("SELECT {COLUMNS} FROM mails WHERE {condition} ORDER BY number LIMIT ?2 OFFSET ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let records = statement
        .query_map(params![to, slice.limit, offset], record)?
        .collect::<Result<_, _>>()?;
    let sql = format!("SELECT count(*) FROM mails WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let total: i64 = statement.query_row([to], |row| row.get(0))?;
    Ok((records, u64::try_from(total).unwrap_or_default()))
}

/// A row as it is stored.
struct Record {
    id: String,
    sender: String,
    recipient: String,
    subject: String,
    text: String,
    html: String,
    correlation_id: String,
    received_at: i64,
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: row.get(0)?,
        sender: row.get(1)?,
        recipient: row.get(2)?,
        subject: row.get(3)?,
        text: row.get(4)?,
        html: row.get(5)?,
        correlation_id: row.get(6)?,
        received_at: row.get(7)?,
    })
}

impl Record {
    /// What was stored was valid when it was; what is not any more is a fault of ours, and no value of it is told.
    fn into_letter(self) -> Result<Letter, Error> {
        let broken = |field: &str| {
            Error::internal(format!(
                "the stored {field} of mail {} is not valid",
                self.id
            ))
        };
        let mail = Mail {
            id: MailId::parse(&self.id).ok_or_else(|| broken("id"))?,
            from: Address::parse(&self.sender).map_err(|_| broken("sender"))?,
            to: Address::parse(&self.recipient).map_err(|_| broken("recipient"))?,
            content: Content {
                subject: Line::new(&self.subject),
                text: self.text,
                html: self.html,
            },
            correlation_id: self.correlation_id,
        };
        Ok(Letter {
            mail,
            received_at: from_micros(self.received_at),
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

#[cfg(test)]
mod tests {
    use msf_service::bus::EventId;

    use super::*;
    use crate::domain::welcome;

    fn mail(id: EventId, to: &str) -> (Receipt, Mail) {
        let mail = Mail {
            id: MailId::parse(&id.to_string()).unwrap(),
            from: Address::parse("no-reply@shop.example").unwrap(),
            to: Address::parse(to).unwrap(),
            content: welcome("Ana"),
            correlation_id: "c-1".to_owned(),
        };
        let receipt = Receipt::new("email-service.welcome-mail", id, SystemTime::UNIX_EPOCH);
        (receipt, mail)
    }

    fn all() -> Slice {
        Slice {
            offset: 0,
            limit: 100,
        }
    }

    #[tokio::test]
    async fn an_event_that_comes_twice_is_one_mail() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("email-service.db");
        let mailbox = SqliteMailbox::open(&path, Clock::system()).unwrap();
        let (receipt, first) = mail(EventId::random(), "ana@b.c");
        for _ in 0..2 {
            mailbox
                .put_once(receipt.clone(), first.clone())
                .await
                .unwrap();
        }
        assert!(receipt.is_repeated());
        mailbox.database().close().await;

        let mailbox = SqliteMailbox::open(&path, Clock::system()).unwrap();
        mailbox.put_once(receipt, first.clone()).await.unwrap();
        let page = mailbox.page(None, all()).await.unwrap();
        assert_eq!((page.letters.len(), page.total), (1, 1));
        assert_eq!(page.letters[0].mail, first);
    }

    #[tokio::test]
    async fn a_mail_that_cannot_be_stored_leaves_no_receipt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("email-service.db");
        let mailbox = SqliteMailbox::open(&path, Clock::system()).unwrap();
        let (one, first) = mail(EventId::random(), "ana@b.c");
        let (two, second) = mail(EventId::random(), "bo@b.c");
        mailbox.put_once(one, first.clone()).await.unwrap();
        // The id of another mail: the row is refused, and the receipt with it.
        let twin = Mail {
            id: first.id,
            ..second.clone()
        };
        assert!(mailbox.put_once(two.clone(), twin).await.is_err());
        mailbox.put_once(two.clone(), second).await.unwrap();
        assert!(!two.is_repeated());
        assert_eq!(mailbox.page(None, all()).await.unwrap().total, 2);
    }

    #[tokio::test]
    async fn slices_are_oldest_first_and_an_address_is_compared_without_case() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("email-service.db");
        let mailbox = SqliteMailbox::open(&path, Clock::system()).unwrap();
        for number in 0..5 {
            let (receipt, mail) = mail(EventId::random(), &format!("User-{number}@b.c"));
            mailbox.put_once(receipt, mail).await.unwrap();
        }
        let slice = Slice {
            offset: 3,
            limit: 3,
        };
        let page = mailbox.page(None, slice).await.unwrap();
        let to: Vec<_> = page
            .letters
            .iter()
            .map(|letter| letter.mail.to.as_str())
            .collect();
        assert_eq!((to, page.total), (vec!["User-3@b.c", "User-4@b.c"], 5));
        let key = Address::key_of("uSER-2@B.C");
        let page = mailbox.page(Some(key), all()).await.unwrap();
        assert_eq!(
            (page.letters[0].mail.to.as_str(), page.total),
            ("User-2@b.c", 1)
        );
        let letter = mailbox.by_id(page.letters[0].mail.id).await.unwrap();
        assert_eq!(letter.as_ref(), page.letters.first());
        let nobody = MailId::parse(&EventId::random().to_string()).unwrap();
        assert_eq!(mailbox.by_id(nobody).await.unwrap(), None);
        let beyond = Slice {
            offset: u64::MAX,
            limit: 100,
        };
        let page = mailbox.page(None, beyond).await.unwrap();
        assert_eq!((page.letters.len(), page.total), (0, 5));
    }
}
