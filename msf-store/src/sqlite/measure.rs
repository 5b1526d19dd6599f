//! Metrics of a database, recorded by the task that asked: its recorder and its service are the right ones.

use std::time::Duration;

use metrics::SharedString;

use super::job::Receipt;

/// What became of writes: `outcome` is `ok`, `failed` (the job's own error), or the kind of the engine's error.
const WRITES: &str = "msf_store_writes_total";
/// The same of reads.
const READS: &str = "msf_store_reads_total";
/// How many writes shared a transaction.
const BATCH_SIZE: &str = "msf_store_batch_size";
/// How long a job waited for its turn; `kind` is `write` or `read`.
const QUEUE_WAIT: &str = "msf_store_queue_wait_seconds";
/// How long a COMMIT took, with the flush to the disk.
const COMMIT: &str = "msf_store_commit_seconds";

/// Records what writes and reads did, under the name of their database.
#[derive(Debug)]
pub(super) struct Measure {
    database: SharedString,
}

impl Measure {
    pub(super) fn new(database: &str) -> Self {
        Self {
            database: SharedString::from_shared(database.into()),
        }
    }

    pub(super) fn write(&self, outcome: &'static str, receipt: Option<Receipt>) {
        metrics::counter!(WRITES, "database" => self.database.clone(), "outcome" => outcome)
            .increment(1);
        let Some(receipt) = receipt else { return };
        self.wait("write", receipt.waited);
        if let Some((size, took)) = receipt.batch {
            // A batch is far smaller than what an f64 can no longer count.
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            metrics::histogram!(BATCH_SIZE, "database" => self.database.clone()).record(size);
            metrics::histogram!(COMMIT, "database" => self.database.clone()).record(took);
        }
    }

    pub(super) fn read(&self, outcome: &'static str, receipt: Option<Receipt>) {
        metrics::counter!(READS, "database" => self.database.clone(), "outcome" => outcome)
            .increment(1);
        if let Some(receipt) = receipt {
            self.wait("read", receipt.waited);
        }
    }

    fn wait(&self, kind: &'static str, waited: Duration) {
        metrics::histogram!(QUEUE_WAIT, "database" => self.database.clone(), "kind" => kind)
            .record(waited);
    }
}
