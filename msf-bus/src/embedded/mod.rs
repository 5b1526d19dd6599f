//! The transport that needs no broker: a SQLite file that the processes of one machine share.
//!
//! [`EmbeddedTransport`] keeps events in flight, and only those, in a file of its own, `bus.db` by custom: what was published
//! is on the disk, what was handled is gone. Any number of processes may open the file.
//!
//! What people wrongly assume:
//!
//! - *"A queue in a database has to be polled all the time."* Within a process a publisher nudges the subscription, so an event
//!   is on its way at once. Only what another process published is found by looking, ten times a second, and an idle
//!   subscription writes nothing.
//! - *"An event in hand is locked."* It is leased, for two seconds that are renewed as long as its consumer lives. When a process
//!   is killed, another one takes over two seconds later.
//! - *"What nobody has subscribed to is thrown away."* It waits, up to 100,000 of them, and the first subscription to its stream
//!   gets it: a consumer that is deployed after its producer misses nothing.
//! - *"An ack that came too late settles the event."* When the lease was lost meanwhile, it is another consumer's. That is
//!   why handlers have an [inbox](crate::inbox).

mod cycle;
mod dead;
mod deliveries;
mod history;
#[cfg(test)]
mod model;
mod nudges;
mod publish;
mod pump;
mod schema;
mod subscriptions;

use std::fmt;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use futures_util::poll;
use msf_core::clock::Clock;
use msf_core::error::chain;
use msf_core::health::Check;
use msf_core::{BoxFuture, observe};
use msf_store::sqlite::{self, Database, Options};
use tokio::sync::{Notify, mpsc};
use tracing::instrument::WithSubscriber as _;
use uuid::Uuid;

use self::cycle::Claimer;
use self::deliveries::EmbeddedDeliveries;
use self::nudges::Nudges;
use self::publish::Row;
use self::pump::Pump;
use crate::dead_letter::DeadLetters;
use crate::transport::{Deliveries, SubscriptionSpec, Transport};
use crate::{Envelope, PublishError, TransportError, millis, record};

/// How many events wait for a first subscription to their stream.
const UNROUTED: usize = 100_000;

/// The transport that needs no broker. A clone is the same.
///
/// When the last clone is dropped and no delivery is in hand, the file is closed.
///
/// ```
/// use msf_bus::transport::{SubscriptionSpec, Transport, Verdict};
/// use msf_bus::{EmbeddedTransport, Envelope, Event};
/// use msf_core::clock::Clock;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(name = "orders.order-placed", crate = "msf_bus")]
/// struct OrderPlaced { order_id: String }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// let transport = EmbeddedTransport::open(folder.path().join("bus.db"), Clock::system()).unwrap();
/// let spec = SubscriptionSpec::new("billing.invoices", ["orders.order-placed"]);
/// let mut deliveries = transport.subscribe(spec).await.unwrap();
///
/// let envelope = Envelope::of(&OrderPlaced { order_id: "o-7".to_owned() }).unwrap();
/// transport.publish(vec![envelope]).await.remove(0).unwrap();
///
/// let received = deliveries.next().await.unwrap();
/// assert_eq!(&received.envelope.data[..], br#"{"order_id":"o-7"}"#);
/// received.settle.settle(Verdict::Ack).await.unwrap();
/// deliveries.close().await;
/// # });
/// ```
#[derive(Clone)]
pub struct EmbeddedTransport {
    database: Database,
    clock: Clock,
    nudges: Nudges,
}

impl EmbeddedTransport {
    /// Opens the file at `path`; makes it, for its owner only, where it is not there. `clock` decides about leases and
    /// retries: processes that share the file should go by the same time.
    ///
    /// Blocks the thread for a few milliseconds: for the start of a service.
    ///
    /// # Errors
    ///
    /// As [`Database::open`].
    pub fn open(path: impl AsRef<Path>, clock: Clock) -> Result<Self, sqlite::Error> {
        // The version of the file, which the pumps watch, is one of a connection.
        let options = Options::new().readers(1).clock(clock.clone());
        Ok(Self {
            database: options.open(path, schema::MIGRATIONS)?,
            clock,
            nudges: Nudges::default(),
        })
    }

    /// The file, for tests of how it is written.
    #[doc(hidden)]
    pub fn database(&self) -> &Database {
        &self.database
    }

    fn nudges(&self) -> Nudges {
        self.nudges.clone()
    }

    /// Stores all of them, or none.
    async fn store(&self, rows: Vec<Row>) -> Result<(), sqlite::Error> {
        let streams = publish::streams(&rows);
        let (nudges, to) = (self.nudges(), Arc::clone(&streams));
        let mut write = pin!(self.database.write(move |tx| -> sqlite::Result<_> {
            let dropped = publish::store(tx, &rows, UNROUTED)?;
            // A claim that is sent from now on comes after this job, in the same transaction or a later one.
            nudges.streams(&to);
            Ok(dropped)
        }));
        // Sent along with it, a claim mostly shares its transaction: one flush to the disk for both.
        let first = poll!(write.as_mut());
        self.nudges.streams(&streams);
        let dropped = match first {
            std::task::Poll::Ready(stored) => stored?,
            std::task::Poll::Pending => write.await?,
        };
        if dropped > 0 {
            metrics::counter!("msf_events_unrouted_dropped_total", "service" => record::service())
                .increment(u64::try_from(dropped).unwrap_or(0));
            tracing::warn!(
                events = dropped,
                "more than {UNROUTED} events wait for a first subscription to their streams: the oldest were dropped"
            );
        }
        Ok(())
    }
}

impl Transport for EmbeddedTransport {
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let mut verdicts = Vec::with_capacity(batch.len());
            let mut rows = Vec::with_capacity(batch.len());
            for envelope in batch {
                verdicts.push(Row::of(envelope).map(|row| rows.push(row)));
            }
            if rows.is_empty() {
                return verdicts;
            }
            if let Err(error) = self.store(rows).await {
                let text = chain(&error);
                for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_ok()) {
                    *verdict = Err(PublishError::unavailable(text.clone()));
                }
            }
            verdicts
        })
    }

    fn subscribe(
        &self,
        spec: SubscriptionSpec,
    ) -> BoxFuture<'_, Result<Box<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            let (name, streams) = (spec.name.clone(), spec.streams.clone());
            let clock = self.clock.clone();
            let declare = move |tx: &sqlite::Transaction<'_>| -> sqlite::Result<_> {
                let now = millis::of(clock.now());
                let subscription = subscriptions::declare(tx, &name, &streams, now)?;
                cycle::release(tx, subscription, &clock)?;
                Ok(subscription)
            };
            let subscription = self
                .database
                .write(declare)
                .await
                .map_err(TransportError::new)?;
            let claimer = Claimer {
                subscription,
                name: spec.name.into(),
                owner: Uuid::new_v4().into_bytes(),
                streams: spec.streams.clone().into(),
                ordered: spec.ordered,
            };
            let nudge = Arc::new(Notify::new());
            self.nudges
                .add(Arc::clone(&claimer.name), spec.streams, &nudge);
            let (sender, fetched) = mpsc::unbounded_channel();
            let pump = Pump::new(
                self.database.clone(),
                self.clock.clone(),
                claimer,
                spec.in_hand.max(1),
                nudge,
                sender,
            );
            let service = observe::service_name().unwrap_or_default();
            let run = observe::in_service(service, pump.run()).with_current_subscriber();
            let pump = tokio::spawn(run);
            Ok(Box::new(EmbeddedDeliveries { fetched, pump }) as Box<dyn Deliveries>)
        })
    }

    fn waiting(&self, subscription: &str) -> BoxFuture<'_, Result<u64, TransportError>> {
        let name = subscription.to_owned();
        Box::pin(async move {
            let read = self
                .database
                .read(move |db| -> sqlite::Result<_> { Ok(subscriptions::waiting(db, &name)?) });
            read.await.map_err(TransportError::new)
        })
    }

    fn dead_letters(&self) -> Arc<dyn DeadLetters> {
        Arc::new(self.clone())
    }

    /// Deliveries end with an error; what is in hand is delivered again by whoever opens the file next. Dropped, it goes on
    /// closing.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.database.close())
    }

    fn check(&self) -> Check {
        self.database.check().named("events")
    }
}

impl fmt::Debug for EmbeddedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedTransport")
            .field("path", &self.database.path())
            .finish_non_exhaustive()
    }
}
