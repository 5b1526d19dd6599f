//! How long an event takes from the write that stages it until the relay has published it: two commits to disk, one in the
//! file of the service and one in that of the embedded transport.
//!
//! ```sh
//! cargo bench -p msf-bus --features sqlite --bench relay
//! ```

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use msf_bus::dead_letter::DeadLetters;
use msf_bus::outbox::{OUTBOX_SCHEMA, SqliteOutbox};
use msf_bus::transport::{Deliveries, SubscriptionSpec};
use msf_bus::{
    EmbeddedTransport, Envelope, Event, Events, Outgoing, PublishError, Transport, TransportError,
};
use msf_core::BoxFuture;
use msf_core::clock::Clock;
use msf_core::component::{Component as _, Life};
use msf_core::health::Check;
use msf_store::Migration;
use msf_store::sqlite::{Database, Result};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::sync::Notify;

const MIGRATIONS: &[Migration] = &[Migration::new(1, "outbox", OUTBOX_SCHEMA)];

/// Somebody has an account.
#[derive(Serialize, Deserialize, Event)]
#[event(name = "bench.user-registered", crate = "msf_bus")]
struct UserRegistered {
    #[event(key)]
    user_id: String,
}

/// The embedded transport, which tells when it has published.
struct Telling {
    real: EmbeddedTransport,
    published: Arc<Notify>,
}

impl Transport for Telling {
    fn publish(
        &self,
        batch: Vec<Envelope>,
    ) -> BoxFuture<'_, Vec<std::result::Result<(), PublishError>>> {
        Box::pin(async move {
            let verdicts = self.real.publish(batch).await;
            assert!(verdicts.iter().all(std::result::Result::is_ok));
            self.published.notify_one();
            verdicts
        })
    }

    fn subscribe(
        &self,
        spec: SubscriptionSpec,
    ) -> BoxFuture<'_, std::result::Result<Box<dyn Deliveries>, TransportError>> {
        self.real.subscribe(spec)
    }

    fn waiting(
        &self,
        subscription: &str,
    ) -> BoxFuture<'_, std::result::Result<u64, TransportError>> {
        self.real.waiting(subscription)
    }

    fn dead_letters(&self) -> Arc<dyn DeadLetters> {
        self.real.dead_letters()
    }

    fn check(&self) -> Check {
        self.real.check()
    }
}

fn relay(criterion: &mut Criterion) {
    // Not the folder for temporary files, which may lie in memory, where a flush costs nothing.
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let database = Database::open(folder.path().join("users.db"), MIGRATIONS).unwrap();
    let outbox = SqliteOutbox::new(database.clone(), Clock::system());
    let published = Arc::new(Notify::new());
    let transport = Arc::new(Telling {
        real: EmbeddedTransport::open(folder.path().join("bus.db"), Clock::system()).unwrap(),
        published: Arc::clone(&published),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (handle, life) = Life::new();
    let relay = Events::new("user-service", transport, Clock::system()).relay(outbox.clone());
    let task = runtime.spawn(Box::new(relay).run(life));

    criterion.bench_function("from staged to published", |bencher| {
        bencher.iter(|| {
            let outbox = outbox.clone();
            let event = Outgoing::one(UserRegistered {
                user_id: "0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d11".to_owned(),
            });
            runtime.block_on(async {
                let staged: Result<()> = database
                    .write(move |transaction| outbox.stage(transaction, event))
                    .await;
                staged.unwrap();
                published.notified().await;
            });
        });
    });

    handle.stop();
    runtime.block_on(task).unwrap().unwrap();
}

criterion_group!(benches, relay);
criterion_main!(benches);
