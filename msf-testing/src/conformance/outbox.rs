//! What an outbox promises.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use msf_bus::outbox::Outbox;
use msf_bus::{Envelope, Outgoing};
use msf_core::BoxError;
use tokio::time::{Instant, timeout};

use super::report::{Outcome, Report, case, ensure};
use super::sample::{Sample, number};

/// How long an event stays claimed.
const LEASE: Duration = Duration::from_secs(2);
/// How long a case waits for what has to come.
const SOON: Duration = Duration::from_secs(10);

/// Opens the store whose outbox is under test, and writes to it as its services do.
///
/// ```
/// use msf_bus::outbox::{OUTBOX_SCHEMA, Outbox, SqliteOutbox};
/// use msf_bus::Outgoing;
/// use msf_core::BoxError;
/// use msf_store::Migration;
/// use msf_store::sqlite::{Database, Result};
/// use msf_testing::conformance::OutboxFactory;
/// use std::sync::Arc;
///
/// struct Sqlite(tempfile::TempDir);
///
/// impl OutboxFactory for Sqlite {
///     type Store = (Database, SqliteOutbox);
///
///     async fn open(&self) -> Self::Store {
///         const MIGRATIONS: &[Migration] = &[Migration::new(1, "outbox", OUTBOX_SCHEMA)];
///         let database = Database::open(self.0.path().join("users.db"), MIGRATIONS).unwrap();
///         let outbox = SqliteOutbox::new(database.clone(), msf_core::clock::Clock::system());
///         (database, outbox)
///     }
///
///     fn outbox(&self, store: &Self::Store) -> Arc<dyn Outbox> {
///         Arc::new(store.1.clone())
///     }
///
///     async fn stage(&self, (database, outbox): &Self::Store, outgoing: Outgoing) -> std::result::Result<(), BoxError> {
///         let outbox = outbox.clone();
///         let stored: Result<()> = database.write(move |tx| outbox.stage(tx, outgoing)).await;
///         Ok(stored?)
///     }
///
///     async fn stage_and_roll_back(&self, (database, outbox): &Self::Store, outgoing: Outgoing) {
///         let outbox = outbox.clone();
///         let refused: std::result::Result<(), BoxError> = database
///             .write(move |tx| {
///                 outbox.stage(tx, outgoing)?;
///                 Err("a change of mind".into())
///             })
///             .await;
///         assert!(refused.is_err());
///     }
/// }
/// ```
pub trait OutboxFactory: Send + Sync + 'static {
    /// The store that the outbox is a part of, opened.
    type Store: Send + Sync + 'static;

    /// Opens it, each time over the same durable state.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// The outbox of an opened store.
    fn outbox(&self, store: &Self::Store) -> Arc<dyn Outbox>;

    /// Stages events in a write of its own that is stored.
    fn stage(
        &self,
        store: &Self::Store,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Stages events in a write that fails afterwards, so that nothing of it is stored.
    fn stage_and_roll_back(
        &self,
        store: &Self::Store,
        outgoing: Outgoing,
    ) -> impl Future<Output = ()> + Send;

    /// Lets so much time pass for the outbox. Waits, unless the factory has a clock to move.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}

/// Tries every promise of an outbox.
///
/// The store is for the suite alone: each case begins with what it finds, and removes it. Takes some seconds of real time,
/// and no paused one.
pub async fn outbox<F: OutboxFactory>(factory: F) -> Report {
    let factory = Arc::new(factory);
    let shared = || Arc::clone(&factory);
    let tries = vec![
        case("what is staged is claimed, in its order", order(shared())),
        case("what is rolled back is never seen", rolled_back(shared())),
        case(
            "what was staged before a claim is seen by it",
            seen_at_once(shared()),
        ),
        case(
            "a claim takes no more than its limit, the oldest",
            limit(shared()),
        ),
        case("a claim keeps others out for its lease", lease(shared())),
        case(
            "what is removed is gone, and nothing else",
            removed(shared()),
        ),
        case(
            "pending says how many wait, and since when",
            pending(shared()),
        ),
        case("what is staged survives a restart", reopened(shared())),
        case("staging is told", told(shared())),
        case("8 writers at once lose nothing", parallel(shared())),
    ];
    Report::of("outbox", tries).await
}

/// A store with an empty outbox.
struct Opened<F: OutboxFactory> {
    factory: Arc<F>,
    store: Arc<F::Store>,
    outbox: Arc<dyn Outbox>,
}

impl<F: OutboxFactory> Opened<F> {
    async fn empty(factory: Arc<F>) -> Result<Self, String> {
        let opened = Self::again(factory).await;
        let begin = Instant::now();
        while begin.elapsed() < SOON {
            opened.factory.pass(LEASE * 2).await;
            let found = opened.claim("sweeper", 1000).await?;
            opened.remove(&found).await?;
            if opened.count().await? == 0 {
                // The sweeper's own lease.
                opened.factory.pass(LEASE * 2).await;
                return Ok(opened);
            }
        }
        Err("what is claimed and removed stays there".to_owned())
    }

    async fn again(factory: Arc<F>) -> Self {
        let store = Arc::new(factory.open().await);
        let outbox = factory.outbox(&store);
        Self {
            factory,
            store,
            outbox,
        }
    }

    async fn stage(&self, numbers: std::ops::Range<u32>) -> Outcome {
        let staged = self.factory.stage(&self.store, outgoing(numbers)).await;
        staged.map_err(|error| error.to_string())
    }

    async fn claim(&self, owner: &str, limit: usize) -> Result<Vec<Envelope>, String> {
        let claimed = self.outbox.claim(owner, limit, LEASE).await;
        claimed.map_err(|error| error.to_string())
    }

    async fn remove(&self, events: &[Envelope]) -> Outcome {
        let ids = events.iter().map(|event| event.id).collect();
        self.outbox
            .remove(ids)
            .await
            .map_err(|error| error.to_string())
    }

    async fn count(&self) -> Result<u64, String> {
        let pending = self.outbox.pending().await;
        Ok(pending.map_err(|error| error.to_string())?.count)
    }

    /// Claims all as `owner`, and wants these.
    async fn claims(
        &self,
        owner: &str,
        expected: impl IntoIterator<Item = u32>,
    ) -> Result<Vec<Envelope>, String> {
        let claimed = self.claim(owner, 1000).await?;
        let numbers: Vec<u32> = claimed.iter().map(number).collect::<Result<_, _>>()?;
        let expected: Vec<u32> = expected.into_iter().collect();
        ensure(numbers == expected, || {
            format!("{numbers:?} were claimed instead of {expected:?}")
        })?;
        Ok(claimed)
    }
}

fn outgoing(numbers: std::ops::Range<u32>) -> Outgoing {
    numbers.fold(Outgoing::none(), |outgoing, number| {
        outgoing.and(Sample { number })
    })
}

async fn order<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    opened.claims("a", []).await?;
    opened.factory.pass(LEASE * 2).await;
    opened.stage(0..1).await?;
    opened.stage(1..4).await?;
    opened.stage(4..5).await?;
    let claimed = opened.claims("a", 0..5).await?;
    let types = claimed
        .iter()
        .all(|event| event.event_type == "conformance.sample.v1");
    ensure(types, || "the envelope came as another type".to_owned())?;
    ensure(
        claimed.iter().all(|event| event.traceparent.is_some()),
        || "the trace was lost".to_owned(),
    )?;
    opened.factory.pass(LEASE * 2).await;
    let again = opened.claims("b", 0..5).await?;
    ensure(
        again
            .iter()
            .map(|event| event.id)
            .eq(claimed.iter().map(|event| event.id)),
        || "an event has another id when it is claimed again".to_owned(),
    )
}

async fn rolled_back<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    opened.stage(0..1).await?;
    opened
        .factory
        .stage_and_roll_back(&opened.store, outgoing(1..3))
        .await;
    opened.stage(3..4).await?;
    opened.claims("a", [0, 3]).await?;
    let count = opened.count().await?;
    ensure(count == 2, || {
        format!("{count} are said to wait instead of 2")
    })
}

async fn seen_at_once<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    for number in 0..50 {
        opened.stage(number..number + 1).await?;
        let claimed = opened.claims("a", number..=number).await?;
        opened.remove(&claimed).await?;
    }
    Ok(())
}

async fn limit<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    opened.stage(0..10).await?;
    for round in 0..4 {
        let claimed = opened.claim("a", 3).await?;
        let numbers: Vec<u32> = claimed.iter().map(number).collect::<Result<_, _>>()?;
        let expected: Vec<u32> = (round * 3..(round * 3 + 3).min(10)).collect();
        ensure(numbers == expected, || {
            format!("{numbers:?} were claimed instead of {expected:?}")
        })?;
        opened.remove(&claimed).await?;
    }
    Ok(())
}

async fn lease<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let first = Opened::empty(factory).await?;
    let second = Opened::again(Arc::clone(&first.factory)).await;
    first.stage(0..3).await?;
    first.claims("a", 0..3).await?;
    second
        .claims("b", [])
        .await
        .map_err(|why| format!("within the lease of another owner {why}"))?;
    first.factory.pass(LEASE + LEASE / 2).await;
    second
        .claims("b", 0..3)
        .await
        .map_err(|why| format!("after the lease {why}"))?;
    first
        .claims("a", [])
        .await
        .map_err(|why| format!("after another owner has claimed them {why}"))?;
    Ok(())
}

async fn removed<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    opened.stage(0..4).await?;
    let claimed = opened.claims("a", 0..4).await?;
    opened.remove(&claimed[1..3]).await?;
    // The answer to the first may have been lost.
    opened.remove(&claimed[1..3]).await?;
    opened.factory.pass(LEASE * 2).await;
    opened.claims("a", [0, 3]).await?;
    Ok(())
}

async fn pending<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    let look = async || {
        opened
            .outbox
            .pending()
            .await
            .map_err(|error| error.to_string())
    };
    let none = look().await?;
    ensure(none.oldest.is_none(), || {
        "an empty outbox has an oldest event".to_owned()
    })?;
    opened.stage(0..2).await?;
    let early = look().await?;
    opened.factory.pass(Duration::from_millis(50)).await;
    opened.stage(2..3).await?;
    let late = look().await?;
    ensure((early.count, late.count) == (2, 3), || {
        format!("it counts {} and {}", early.count, late.count)
    })?;
    ensure(
        early.oldest.is_some() && early.oldest == late.oldest,
        || {
            format!(
                "the oldest was staged {:?}, then {:?}",
                early.oldest, late.oldest
            )
        },
    )?;
    let claimed = opened.claims("a", 0..3).await?;
    ensure(opened.count().await? == 3, || {
        "what is claimed counts no longer".to_owned()
    })?;
    opened.remove(&claimed[..2]).await?;
    let last = look().await?;
    ensure(last.count == 1 && last.oldest > early.oldest, || {
        format!("after a removal it says {last:?}")
    })
}

async fn reopened<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    opened.stage(0..5).await?;
    let claimed = opened.claims("a", 0..5).await?;
    opened.remove(&claimed[..2]).await?;
    let factory = Arc::clone(&opened.factory);
    drop(opened);
    let opened = Opened::again(factory).await;
    opened.factory.pass(LEASE * 2).await;
    let again = opened.claims("b", 2..5).await?;
    ensure(again == claimed[2..], || {
        "they are others after the restart".to_owned()
    })
}

async fn told<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    let staged = opened.outbox.staged();
    // One permit may be left from before.
    let _ = timeout(Duration::from_millis(50), staged.notified()).await;
    for number in 0..3 {
        opened.stage(number..number + 1).await?;
        let told = timeout(SOON, staged.notified()).await;
        told.map_err(|_| "nobody was told that something is staged".to_owned())?;
    }
    Ok(())
}

async fn parallel<F: OutboxFactory>(factory: Arc<F>) -> Outcome {
    let opened = Opened::empty(factory).await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (factory, store) = (Arc::clone(&opened.factory), Arc::clone(&opened.store));
        writers.spawn(async move {
            for number in writer * 25..(writer + 1) * 25 {
                let staged = factory.stage(&store, outgoing(number..number + 1)).await;
                staged.map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.map_err(|error| error.to_string())??;
    }
    let claimed = opened.claim("a", 1000).await?;
    let mut numbers: Vec<u32> = claimed.iter().map(number).collect::<Result<_, _>>()?;
    numbers.sort_unstable();
    ensure(numbers.iter().copied().eq(0..200), || {
        format!("{} of 200 are there", numbers.len())
    })
}
