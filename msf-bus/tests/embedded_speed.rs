//! How many events a second go from a publish to their ack, against raw group commit of the same bytes on the same disk.
#![cfg(feature = "sqlite")]
#![expect(clippy::print_stdout, reason = "the figures are half of the result")]

mod embedded_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use embedded_support::{NAME, STREAM, event};
use msf_bus::transport::{Deliveries, SubscriptionSpec, Transport as _, Verdict};
use msf_bus::{EmbeddedTransport, Envelope};
use msf_core::clock::Clock;
use msf_store::sqlite::{Database, Options, Result};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::Instant;

const RAW: &str = "CREATE TABLE events (id INTEGER PRIMARY KEY, attributes TEXT NOT NULL, body BLOB NOT NULL) STRICT";
const BODY: [u8; 256] = [b'7'; 256];

/// Both contestants, each with a file of its own on the disk of the build.
struct Contest {
    runtime: Runtime,
    transport: EmbeddedTransport,
    raw: Database,
    _folder: TempDir,
}

/// What one window showed.
struct Window {
    rate: f64,
    /// From before the publish to the hand of the consumer, sorted.
    times: Vec<Duration>,
}

fn sent() -> Envelope {
    let mut envelope = event(0);
    envelope.data = BODY.to_vec().into();
    envelope
}

impl Contest {
    fn new() -> Self {
        // Not the folder for temporary files, which may lie in memory, where a flush costs nothing.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let transport =
            EmbeddedTransport::open(folder.path().join("bus.db"), Clock::system()).unwrap();
        let raw = Options::new()
            .open(folder.path().join("raw.db"), &[])
            .unwrap();
        let create = raw.write(|tx| -> Result<_> { Ok(tx.execute_batch(RAW)?) });
        runtime.block_on(create).unwrap();
        let contest = Self {
            runtime,
            transport,
            raw,
            _folder: folder,
        };
        contest.warm_up();
        contest
    }

    /// Lets both logs grow to the size at which they are begun anew: until then a flush is one of the file system too.
    fn warm_up(&self) {
        let attributes = "a".repeat(attributes_size());
        let insert = self.raw.write(move |tx| -> Result<_> {
            for _ in 0..10_000 {
                tx.prepare_cached("INSERT INTO events (attributes, body) VALUES (?1, ?2)")?
                    .execute((&*attributes, &BODY[..]))?;
            }
            Ok(())
        });
        self.runtime.block_on(insert).unwrap();
        let batch = (0..10_000).map(|_| sent()).collect();
        let verdicts = self.runtime.block_on(self.transport.publish(batch));
        assert!(verdicts.iter().all(std::result::Result::is_ok));
        self.bus(1, Duration::ZERO);
    }

    /// Each of `writers` stores one row after the other.
    fn raw(&self, writers: usize, window: Duration) -> Window {
        // What the transport stores beside the data.
        let attributes: Arc<str> = "a".repeat(attributes_size()).into();
        self.runtime.block_on(async {
            let (begun, mut tasks) = (Instant::now(), JoinSet::new());
            for _ in 0..writers {
                let (raw, attributes) = (self.raw.clone(), Arc::clone(&attributes));
                tasks.spawn(async move {
                    let mut times = Vec::new();
                    while begun.elapsed() < window {
                        let (at, attributes) = (Instant::now(), Arc::clone(&attributes));
                        let insert = raw.write(move |tx| -> Result<_> {
                            tx.prepare_cached(
                                "INSERT INTO events (attributes, body) VALUES (?1, ?2)",
                            )?
                            .execute((&*attributes, &BODY[..]))?;
                            Ok(())
                        });
                        insert.await.unwrap();
                        times.push(at.elapsed());
                    }
                    times
                });
            }
            let times = tasks.join_all().await.concat();
            Window::new(times, begun.elapsed())
        })
    }

    /// Each of `publishers` publishes one event after the other; one consumer handles them all.
    fn bus(&self, publishers: usize, window: Duration) -> Window {
        self.runtime.block_on(async {
            let mut spec = SubscriptionSpec::new(NAME, [STREAM]);
            spec.in_hand = 64;
            let deliveries = self.transport.subscribe(spec).await.unwrap();
            let stop = Arc::new(AtomicBool::new(false));
            let consumer = tokio::spawn(consume(deliveries, Arc::clone(&stop)));
            let (begun, mut tasks) = (Instant::now(), JoinSet::new());
            for _ in 0..publishers {
                let transport = self.transport.clone();
                tasks.spawn(async move {
                    while begun.elapsed() < window {
                        let mut envelope = sent();
                        // Nothing else that travels with an event is as exact as this.
                        envelope.time = Clock::system().now();
                        transport.publish(vec![envelope]).await.remove(0).unwrap();
                    }
                });
            }
            tasks.join_all().await;
            while self.transport.waiting(NAME).await.unwrap() > 0 {
                tokio::task::yield_now().await;
            }
            let took = begun.elapsed();
            stop.store(true, Ordering::Relaxed);
            // One more, so that the consumer looks.
            self.transport
                .publish(vec![sent()])
                .await
                .remove(0)
                .unwrap();
            Window::new(consumer.await.unwrap(), took)
        })
    }

    /// Alternates windows of both, prints a line of the table and returns the ratio of the medians, and the best ratio of
    /// two windows in a row.
    fn line(&self, writers: usize, rounds: usize, window: Duration) -> (f64, f64) {
        let (mut raw, mut bus) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            raw.push(self.raw(writers, window));
            bus.push(self.bus(writers, window));
        }
        let (stored, handled) = (median(&raw, |w| w.rate), median(&bus, |w| w.rate));
        let ratio = handled / stored;
        let pairs = raw.iter().zip(&bus).map(|(raw, bus)| bus.rate / raw.rate);
        let best = pairs.fold(0.0, f64::max);
        let micros = |windows, part| median(windows, |w| w.quantile(part));
        println!(
            "{writers:>10} {stored:>9.0} {:>8.0} {:>8.0} {handled:>11.0} {:>8.0} {:>8.0} {ratio:>6.2} {best:>6.2}",
            micros(&raw, 0.5),
            micros(&raw, 0.99),
            micros(&bus, 0.5),
            micros(&bus, 0.99),
        );
        (ratio, best)
    }

    fn table(&self, rounds: usize, window: Duration) -> [(f64, f64); 2] {
        println!("{rounds} alternating windows of {window:?}, medians; times in microseconds");
        println!(
            "publishers     raw/s  raw p50  raw p99   handled/s      p50      p99  ratio   best"
        );
        [1, 16].map(|writers| self.line(writers, rounds, window))
    }
}

/// Handles what comes, each in a task of its own, and says how old it was.
async fn consume(mut deliveries: Box<dyn Deliveries>, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    let clock = Clock::system();
    while !stop.load(Ordering::Relaxed) {
        let received = deliveries.next().await.unwrap();
        let age = clock.now().duration_since(received.envelope.time);
        times.push(age.unwrap_or_default());
        tokio::spawn(async move { received.settle.settle(Verdict::Ack).await.unwrap() });
    }
    deliveries.close().await;
    // The last one only told to stop.
    times.pop();
    times
}

fn attributes_size() -> usize {
    let envelope = sent();
    let texts = [
        &envelope.id.to_string(),
        &envelope.event_type,
        &envelope.source,
        &envelope.correlation_id,
        envelope.traceparent.as_ref().unwrap(),
    ];
    // Their names, their quotes, the version of the specification and the time.
    texts.iter().map(|text| text.len()).sum::<usize>() + 135
}

impl Window {
    fn new(mut times: Vec<Duration>, took: Duration) -> Self {
        times.sort();
        let rate = f64::from(u32::try_from(times.len()).unwrap()) / took.as_secs_f64();
        Self { rate, times }
    }

    /// In microseconds.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    fn quantile(&self, part: f64) -> f64 {
        let index = (self.times.len() as f64 * part) as usize;
        self.times[index.min(self.times.len() - 1)].as_secs_f64() * 1e6
    }
}

fn median(windows: &[Window], value: impl Fn(&Window) -> f64) -> f64 {
    let mut values: Vec<f64> = windows.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Of five tries the best counts: what else the machine does hits one side or the other.
#[test]
fn handling_is_no_more_than_some_times_as_slow_as_storing() {
    let [(_, one), (_, sixteen)] = Contest::new().table(5, Duration::from_millis(100));
    assert!(one >= 0.15, "1 publisher: {one:.2} of raw");
    assert!(sixteen >= 0.15, "16 publishers: {sixteen:.2} of raw");
}

#[test]
#[ignore = "soak"]
fn soak_handling_is_half_as_fast_as_storing_at_least() {
    let [(one, _), (sixteen, _)] = Contest::new().table(15, Duration::from_secs(1));
    assert!(one >= 0.5, "1 publisher: {one:.2} of raw");
    assert!(sixteen >= 0.5, "16 publishers: {sixteen:.2} of raw");
}
