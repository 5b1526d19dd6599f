//! The embedded transport keeps what a transport promises.

use std::time::{Duration, SystemTime};

use msf_bus::EmbeddedTransport;
use msf_core::clock::{Clock, FakeClock};
use msf_testing::conformance::{self, TransportFactory};

/// Over a file, with a clock that the suite moves.
struct Embedded {
    folder: tempfile::TempDir,
    clock: FakeClock,
}

impl TransportFactory for Embedded {
    type Transport = EmbeddedTransport;

    async fn open(&self) -> EmbeddedTransport {
        let file = self.folder.path().join("bus.db");
        EmbeddedTransport::open(file, self.clock.clock()).unwrap()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// Over a file, with the clock of the system.
struct Real(tempfile::TempDir);

impl TransportFactory for Real {
    type Transport = EmbeddedTransport;

    async fn open(&self) -> EmbeddedTransport {
        EmbeddedTransport::open(self.0.path().join("bus.db"), Clock::system()).unwrap()
    }
}

#[tokio::test]
async fn the_embedded_transport_conforms() {
    let report = conformance::transport(Embedded {
        folder: tempfile::tempdir().unwrap(),
        clock: FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
    })
    .await;
    report.assert_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "soak"]
async fn soak_the_embedded_transport_conforms_in_real_time() {
    let report = conformance::transport(Real(tempfile::tempdir().unwrap())).await;
    report.assert_ok();
}
