//! What an inbox promises.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use msf_bus::{EventId, Receipt};
use msf_core::BoxError;

use super::report::{Outcome, Report, case, ensure};
use super::sample::unique;

/// Opens the store whose inbox is under test, and has effects in it as its handlers do.
///
/// ```
/// use msf_bus::{Receipt, inbox};
/// use msf_core::BoxError;
/// use msf_store::Migration;
/// use msf_store::sqlite::{Database, Result};
/// use msf_testing::conformance::InboxFactory;
///
/// struct Sqlite(tempfile::TempDir);
///
/// impl InboxFactory for Sqlite {
///     type Store = Database;
///
///     async fn open(&self) -> Database {
///         const MIGRATIONS: &[Migration] = &[
///             Migration::new(1, "marks", "CREATE TABLE marks (mark TEXT NOT NULL) STRICT"),
///             Migration::new(2, "inbox", inbox::INBOX_SCHEMA),
///         ];
///         Database::open(self.0.path().join("mail.db"), MIGRATIONS).unwrap()
///     }
///
///     async fn apply(&self, store: &Database, receipt: Receipt, mark: String, fail: bool) -> std::result::Result<(), BoxError> {
///         let applied: std::result::Result<_, BoxError> = store
///             .write(move |tx| {
///                 inbox::once(tx, &receipt, |tx| {
///                     tx.execute("INSERT INTO marks VALUES (?1)", [mark])?;
///                     if fail { Err("the effect failed".into()) } else { Ok(()) }
///                 })
///             })
///             .await;
///         applied.map(drop)
///     }
///
///     async fn marks(&self, store: &Database) -> Vec<String> {
///         let marks: Result<Vec<String>> = store
///             .read(|db| {
///                 let mut all = db.prepare("SELECT mark FROM marks")?;
///                 let marks = all.query_map([], |row| row.get(0))?;
///                 Ok(marks.collect::<std::result::Result<_, _>>()?)
///             })
///             .await;
///         marks.unwrap()
///     }
/// }
/// ```
pub trait InboxFactory: Send + Sync + 'static {
    /// The store that the inbox is a part of, opened.
    type Store: Send + Sync + 'static;

    /// Opens it, each time over the same durable state.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Handles a delivery: in one write, records the receipt and has the effect, which is to store `mark` once more. With
    /// `fail`, the effect fails after it has stored the mark.
    fn apply(
        &self,
        store: &Self::Store,
        receipt: Receipt,
        mark: String,
        fail: bool,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// All marks that are stored, each as often as it is.
    fn marks(&self, store: &Self::Store) -> impl Future<Output = Vec<String>> + Send;
}

/// Tries every promise of an inbox.
pub async fn inbox<F: InboxFactory>(factory: F) -> Report {
    let factory = Arc::new(factory);
    let shared = || Arc::clone(&factory);
    let tries = vec![
        case("a first delivery has its effect", first(shared())),
        case(
            "a repeated delivery is a success without an effect, and says so",
            repeated(shared()),
        ),
        case(
            "an effect that failed leaves no receipt and no trace",
            failed(shared()),
        ),
        case("each subscription has its own effect", own(shared())),
        case("each event has its own effect", other_events(shared())),
        case("receipts survive a restart", reopened(shared())),
        case("a receipt of last week still counts", last_week(shared())),
        case(
            "8 deliveries of one event at once have one effect",
            parallel(shared()),
        ),
    ];
    Report::of("inbox", tries).await
}

/// A store, and a mark that nobody has set yet.
struct Opened<F: InboxFactory> {
    factory: Arc<F>,
    store: Arc<F::Store>,
    mark: String,
}

impl<F: InboxFactory> Opened<F> {
    async fn new(factory: Arc<F>) -> Self {
        let store = Arc::new(factory.open().await);
        Self {
            factory,
            store,
            mark: unique(),
        }
    }

    async fn apply(&self, receipt: &Receipt) -> Outcome {
        let applied = self
            .factory
            .apply(&self.store, receipt.clone(), self.mark.clone(), false);
        applied.await.map_err(|error| error.to_string())
    }

    async fn has(&self, expected: usize) -> Outcome {
        let marks = self.factory.marks(&self.store).await;
        let times = marks.iter().filter(|mark| **mark == self.mark).count();
        ensure(times == expected, || {
            format!("the effect is there {times} times instead of {expected}")
        })
    }
}

/// The time at which the first deliveries of a case come.
fn now() -> SystemTime {
    msf_core::clock::Clock::system().now()
}

/// Of a new delivery, which has no memory of those before it.
fn receipt(subscription: &str, id: EventId) -> Receipt {
    Receipt::new(subscription, id, now())
}

fn is_repeated(receipt: &Receipt, expected: bool) -> Outcome {
    ensure(receipt.is_repeated() == expected, || {
        let said = if expected { "does not say" } else { "says" };
        format!("its receipt {said} that it is a repetition")
    })
}

async fn first<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::new(factory).await;
    opened.has(0).await?;
    let receipt = receipt("conformance.first", EventId::random());
    opened.apply(&receipt).await?;
    is_repeated(&receipt, false)?;
    opened.has(1).await
}

async fn repeated<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::new(factory).await;
    let id = EventId::random();
    for attempt in 0..3 {
        let receipt = receipt("conformance.repeated", id);
        opened.apply(&receipt).await?;
        is_repeated(&receipt, attempt > 0)?;
        opened.has(1).await?;
    }
    Ok(())
}

async fn failed<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::new(factory).await;
    let id = EventId::random();
    for _ in 0..2 {
        let failing = opened.factory.apply(
            &opened.store,
            receipt("conformance.failed", id),
            opened.mark.clone(),
            true,
        );
        ensure(failing.await.is_err(), || {
            "an effect that fails is a success".to_owned()
        })?;
        opened.has(0).await?;
    }
    let receipt = receipt("conformance.failed", id);
    opened.apply(&receipt).await?;
    is_repeated(&receipt, false)?;
    opened.has(1).await
}

async fn own<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::new(factory).await;
    let id = EventId::random();
    for (index, subscription) in ["conformance.one", "conformance.other"].iter().enumerate() {
        let receipt = receipt(subscription, id);
        opened.apply(&receipt).await?;
        is_repeated(&receipt, false)?;
        opened.has(index + 1).await?;
    }
    Ok(())
}

async fn other_events<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::new(factory).await;
    for times in 1..=20 {
        opened
            .apply(&receipt("conformance.many", EventId::random()))
            .await?;
        opened.has(times).await?;
    }
    Ok(())
}

async fn reopened<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let mut opened = Opened::new(factory).await;
    let id = EventId::random();
    opened.apply(&receipt("conformance.reopened", id)).await?;
    let factory = Arc::clone(&opened.factory);
    let mark = std::mem::take(&mut opened.mark);
    drop(opened);
    let mut opened = Opened::new(factory).await;
    opened.mark = mark;
    opened.has(1).await?;
    let receipt = receipt("conformance.reopened", id);
    opened.apply(&receipt).await?;
    is_repeated(&receipt, true)?;
    opened.has(1).await
}

/// Longer than the retries of a subscription take, which is about an hour; as long as a dead letter may lie over a holiday.
async fn last_week<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::new(factory).await;
    let id = EventId::random();
    let week = Duration::from_secs(7 * 24 * 3600);
    let then = now().checked_sub(week).unwrap_or(SystemTime::UNIX_EPOCH);
    opened
        .apply(&Receipt::new("conformance.last-week", id, then))
        .await?;
    // Whatever an inbox removes when others come, this is not among it.
    for _ in 0..10 {
        let other = receipt("conformance.last-week", EventId::random());
        let applied = opened
            .factory
            .apply(&opened.store, other, unique(), false)
            .await;
        applied.map_err(|error| error.to_string())?;
    }
    let receipt = receipt("conformance.last-week", id);
    opened.apply(&receipt).await?;
    is_repeated(&receipt, true)?;
    opened.has(1).await
}

async fn parallel<F: InboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Arc::new(Opened::new(factory).await);
    let id = EventId::random();
    let mut deliveries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let opened = Arc::clone(&opened);
        deliveries.spawn(async move {
            let receipt = receipt("conformance.parallel", id);
            opened.apply(&receipt).await.map(|()| receipt.is_repeated())
        });
    }
    let mut firsts = 0;
    while let Some(delivery) = deliveries.join_next().await {
        firsts += usize::from(!delivery.map_err(|error| error.to_string())??);
    }
    opened.has(1).await?;
    ensure(firsts == 1, || {
        format!("{firsts} of 8 say that they were the first")
    })
}
