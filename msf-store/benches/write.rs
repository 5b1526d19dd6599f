//! What a write costs that is on the disk when it is answered: with one writer, and with sixteen at once, whose writes share
//! a transaction and a flush.
//!
//! ```sh
//! cargo bench -p msf-store --features sqlite
//! ```

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use msf_store::Migration;
use msf_store::sqlite::{Database, Result, Transaction};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "events",
    "CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
)];
const BODY: [u8; 256] = [7; 256];

fn insert(transaction: &Transaction<'_>) -> Result<()> {
    transaction
        .prepare_cached("INSERT INTO events (body) VALUES (?1)")?
        .execute([&BODY[..]])?;
    Ok(())
}

/// One write by each of `writers`, all at once.
fn write(runtime: &Runtime, database: &Database, writers: u64) {
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..writers {
            let database = database.clone();
            tasks.spawn(async move { database.write(insert).await });
        }
        for written in tasks.join_all().await {
            written.unwrap();
        }
    });
}

fn writes(criterion: &mut Criterion) {
    // Not the folder for temporary files, which may lie in memory, where a flush costs nothing.
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let database = Database::open(folder.path().join("events.db"), MIGRATIONS).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("a write of 256 bytes");
    for writers in [1, 16] {
        group.throughput(Throughput::Elements(writers));
        group.bench_function(format!("writers: {writers}"), |bencher| {
            bencher.iter(|| write(&runtime, &database, writers));
        });
    }
    group.finish();
}

criterion_group!(benches, writes);
criterion_main!(benches);
