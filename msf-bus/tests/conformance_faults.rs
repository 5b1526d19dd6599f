//! Each promise of a transport, broken once: the suite names the one that was broken.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use msf_bus::dead_letter::{DeadLetter, DeadLetters, Which};
use msf_bus::transport::{Deliveries, Received, Settle, SubscriptionSpec, Transport, Verdict};
use msf_bus::{EmbeddedTransport, Envelope, PublishError, TransportError};
use msf_core::BoxFuture;
use msf_core::clock::FakeClock;
use msf_core::health::Check;
use msf_testing::conformance::{TransportFactory, transport_where};

/// What a transport does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    OneVerdictShort,
    DropsEveryTenth,
    OneSubscriptionForAll,
    DropsWithoutSubscription,
    UnbindsAtOnce,
    LosesTracestate,
    CutsTheData,
    GivesAllToEach,
    TwiceInHand,
    LosesInADroppedNext,
    CountsHandled,
    ClosesAtOnce,
    RetriesAtOnce,
    AttemptIsAlwaysOne,
    AcksOnHandOut,
    NeverAcks,
    NoOrder,
    ForgetsOnRestart,
    DeadIsAck,
    LosesTheError,
    ListsAll,
    CountsNoDead,
    RedrivesToAll,
    PurgesNothing,
}

use Fault::*;

type Answer<'a, T> = BoxFuture<'a, Result<T, TransportError>>;

struct Factory {
    folder: tempfile::TempDir,
    clock: FakeClock,
    fault: Fault,
    opened: Mutex<u32>,
    memory: Arc<Memory>,
}

/// What the faults remember.
#[derive(Default)]
struct Memory {
    published: Mutex<u32>,
    streams: Mutex<BTreeMap<String, BTreeSet<String>>>,
    /// What became a dead letter, to be published anew.
    dead: Mutex<Vec<Envelope>>,
}

#[derive(Clone)]
struct Faulty {
    inner: EmbeddedTransport,
    fault: Fault,
    memory: Arc<Memory>,
}

impl TransportFactory for Factory {
    type Transport = Faulty;

    async fn open(&self) -> Faulty {
        let mut opened = self.opened.lock().unwrap();
        *opened += u32::from(self.fault == ForgetsOnRestart);
        let file = self.folder.path().join(format!("bus-{opened}.db"));
        Faulty {
            inner: EmbeddedTransport::open(file, self.clock.clock()).unwrap(),
            fault: self.fault,
            memory: Arc::clone(&self.memory),
        }
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    // What does not come at once does not come: the transport below is in this process.
    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }
}

impl Transport for Faulty {
    fn publish(&self, mut batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let count = batch.len();
            for envelope in &mut batch {
                match self.fault {
                    LosesTracestate => envelope.tracestate = None,
                    CutsTheData => envelope.data.truncate(100_000),
                    _ => {}
                }
            }
            let streams = self.memory.streams.lock().unwrap().clone();
            batch.retain(|envelope| {
                let mut published = self.memory.published.lock().unwrap();
                *published += 1;
                let stream = envelope.event_type.trim_end_matches(".v1");
                let known = streams.values().any(|streams| streams.contains(stream));
                !(self.fault == DropsEveryTenth && published.is_multiple_of(10)
                    || [DropsWithoutSubscription, UnbindsAtOnce].contains(&self.fault) && !known)
            });
            let mut verdicts = self.inner.publish(batch).await;
            verdicts.resize_with(count, || Ok(()));
            if self.fault == OneVerdictShort {
                verdicts.pop();
            }
            verdicts
        })
    }

    fn subscribe(&self, mut spec: SubscriptionSpec) -> Answer<'_, Box<dyn Deliveries>> {
        Box::pin(async move {
            {
                let mut streams = self.memory.streams.lock().unwrap();
                let known = streams.entry(spec.name.clone()).or_default();
                if self.fault == UnbindsAtOnce {
                    known.clear();
                }
                known.extend(spec.streams.iter().cloned());
            }
            let (service, _) = spec.name.split_once('.').unwrap();
            match self.fault {
                OneSubscriptionForAll => spec.name = format!("{service}.all"),
                TwiceInHand => spec.in_hand *= 2,
                NoOrder => spec.ordered = false,
                GivesAllToEach => {
                    let mut opened = self.memory.published.lock().unwrap();
                    *opened += 1;
                    spec.name = format!("{}-{opened}", spec.name);
                }
                _ => {}
            }
            let inner = self.inner.subscribe(spec).await?;
            let transport = self.clone();
            Ok(Box::new(FaultyDeliveries { inner, transport }) as Box<dyn Deliveries>)
        })
    }

    fn waiting(&self, subscription: &str) -> Answer<'_, u64> {
        let subscription = subscription.to_owned();
        Box::pin(async move {
            let waiting = self.inner.waiting(&subscription).await?;
            Ok(waiting + u64::from(self.fault == CountsHandled && waiting == 3))
        })
    }

    fn dead_letters(&self) -> Arc<dyn DeadLetters> {
        Arc::new(self.clone())
    }

    fn check(&self) -> Check {
        self.inner.check()
    }
}

impl DeadLetters for Faulty {
    fn list(&self, service: &str, which: Which) -> Answer<'_, Vec<DeadLetter>> {
        let which = if self.fault == ListsAll {
            Which::All
        } else {
            which
        };
        let service = service.to_owned();
        Box::pin(async move { self.inner.dead_letters().list(&service, which).await })
    }

    fn count(&self, service: &str) -> Answer<'_, Vec<(String, u64)>> {
        let service = service.to_owned();
        Box::pin(async move {
            let mut counts = self.inner.dead_letters().count(&service).await?;
            counts.truncate(if self.fault == CountsNoDead {
                0
            } else {
                usize::MAX
            });
            Ok(counts)
        })
    }

    fn redrive(&self, service: &str, which: Which) -> Answer<'_, u64> {
        let service = service.to_owned();
        Box::pin(async move {
            if self.fault != RedrivesToAll {
                return self.inner.dead_letters().redrive(&service, which).await;
            }
            let mut batch = self.memory.dead.lock().unwrap().clone();
            batch.retain(|envelope| match &which {
                Which::Events(ids) => ids.contains(&envelope.id),
                Which::All => true,
            });
            let purged = self.inner.dead_letters().purge(&service, which).await?;
            // The embedded one knows an id that it has: what is published to all is another to it.
            let fresh = batch.iter().map(|envelope| {
                let mut fresh = envelope.clone();
                fresh.id = msf_bus::EventId::random();
                fresh
            });
            self.inner.publish(fresh.collect()).await;
            Ok(purged)
        })
    }

    fn purge(&self, service: &str, which: Which) -> Answer<'_, u64> {
        let service = service.to_owned();
        Box::pin(async move {
            if self.fault == PurgesNothing {
                return Ok(1);
            }
            self.inner.dead_letters().purge(&service, which).await
        })
    }
}

struct FaultyDeliveries {
    inner: Box<dyn Deliveries>,
    transport: Faulty,
}

impl Deliveries for FaultyDeliveries {
    fn next(&mut self) -> BoxFuture<'_, Result<Received, TransportError>> {
        Box::pin(async move {
            let mut received = self.inner.next().await?;
            let fault = self.transport.fault;
            match fault {
                LosesInADroppedNext => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                AttemptIsAlwaysOne => received.attempt = 1,
                AcksOnHandOut => received.settle.settle(Verdict::Ack).await?,
                _ => {}
            }
            let envelope = received.envelope.clone();
            let settle = FaultySettle {
                inner: mem::replace(&mut received.settle, Box::new(Nothing)),
                transport: self.transport.clone(),
                envelope,
            };
            received.settle = Box::new(settle);
            Ok(received)
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        if self.transport.fault == ClosesAtOnce {
            drop(tokio::spawn(self.inner.close()));
            return Box::pin(async {});
        }
        self.inner.close()
    }
}

#[derive(Debug)]
struct Nothing;

impl Settle for Nothing {
    fn settle(&self, _: Verdict) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

struct FaultySettle {
    inner: Box<dyn Settle>,
    transport: Faulty,
    envelope: Envelope,
}

impl std::fmt::Debug for FaultySettle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl Settle for FaultySettle {
    fn settle(&self, verdict: Verdict) -> Answer<'_, ()> {
        let verdict = match (self.transport.fault, verdict) {
            (AcksOnHandOut | NeverAcks, _) => return Box::pin(async { Ok(()) }),
            (DeadIsAck, Verdict::Dead { .. }) => Verdict::Ack,
            (RetriesAtOnce, Verdict::Retry { error, .. }) => Verdict::Retry {
                after: Duration::ZERO,
                error,
            },
            (LosesTheError, Verdict::Retry { after, .. }) => Verdict::Retry {
                after,
                error: String::new(),
            },
            (_, verdict) => verdict,
        };
        if matches!(verdict, Verdict::Dead { .. }) {
            let mut dead = self.transport.memory.dead.lock().unwrap();
            dead.push(self.envelope.clone());
        }
        self.inner.settle(verdict)
    }
}

/// Tries one promise on a transport with this fault.
async fn is_found(fault: Fault, promise: &str) {
    let factory = Factory {
        folder: tempfile::tempdir().unwrap(),
        clock: FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
        fault,
        opened: Mutex::new(0),
        memory: Arc::default(),
    };
    let report = transport_where(factory, |name| name == promise).await;
    assert_eq!(report.cases().len(), 1, "no promise is called {promise}");
    assert_eq!(
        report.broken().count(),
        1,
        "{fault:?} was not found: {report}"
    );
}

#[tokio::test]
async fn faults_of_publishing_are_found() {
    for (fault, promise) in [
        (OneVerdictShort, "every publish has its verdict"),
        (
            OneSubscriptionForAll,
            "every subscription of a stream gets every event",
        ),
        (
            DropsWithoutSubscription,
            "events wait for the first subscription",
        ),
        (ForgetsOnRestart, "events wait for the first subscription"),
        (ForgetsOnRestart, "events wait for a consumer that is away"),
        (
            UnbindsAtOnce,
            "an older consumer does not unbind a newer one's stream",
        ),
        (LosesTracestate, "an envelope comes as it went"),
        (CutsTheData, "an envelope comes as it went"),
    ] {
        is_found(fault, promise).await;
    }
}

#[tokio::test]
async fn faults_of_delivery_are_found() {
    for (fault, promise) in [
        (
            GivesAllToEach,
            "consumers of one subscription share its events",
        ),
        (TwiceInHand, "no more are in hand than allowed"),
        (LosesInADroppedNext, "next may be dropped"),
        (CountsHandled, "waiting counts what is not settled"),
        (
            ClosesAtOnce,
            "close waits for what is in hand and gives back the rest",
        ),
        (
            RetriesAtOnce,
            "a retry comes again, one attempt on, not before its time",
        ),
        (
            AttemptIsAlwaysOne,
            "a retry comes again, one attempt on, not before its time",
        ),
        (AttemptIsAlwaysOne, "attempts count on over a restart"),
        (NeverAcks, "what was acked never comes again"),
        (NoOrder, "events of one key come one after the other"),
        (NoOrder, "a failure holds back its key alone"),
    ] {
        is_found(fault, promise).await;
    }
}

#[tokio::test]
async fn faults_of_dead_letters_are_found() {
    for (fault, promise) in [
        (
            DeadIsAck,
            "a dead letter keeps its event, reason, error and history",
        ),
        (
            LosesTheError,
            "a dead letter keeps its event, reason, error and history",
        ),
        (
            ForgetsOnRestart,
            "a dead letter keeps its event, reason, error and history",
        ),
        (
            ListsAll,
            "dead letters are listed oldest first, and counted",
        ),
        (
            CountsNoDead,
            "dead letters are listed oldest first, and counted",
        ),
        (
            RedrivesToAll,
            "a redriven dead letter comes as if never tried, to its subscription alone",
        ),
        (PurgesNothing, "a purged dead letter is gone"),
    ] {
        is_found(fault, promise).await;
    }
}

#[tokio::test]
async fn faults_that_lose_events_are_found() {
    for (fault, promise) in [
        (DropsEveryTenth, "16 publishers at once lose nothing"),
        (AcksOnHandOut, "a delivery without a verdict comes again"),
        (
            AcksOnHandOut,
            "what was not acked comes again after a crash",
        ),
        (
            ForgetsOnRestart,
            "what was not acked comes again after a crash",
        ),
    ] {
        is_found(fault, promise).await;
    }
}
