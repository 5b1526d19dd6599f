//! A transport of one's own, and a service that takes it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use msf_core::BoxFuture;
use msf_service::bus::dead_letter::DeadLetters;
use msf_service::bus::transport::{Deliveries, SubscriptionSpec, Transport};
use msf_service::bus::{EmbeddedTransport, Envelope, PublishError, Subscription, TransportError};
use msf_service::health::Check;
use msf_service::prelude::*;
use msf_testing::FakeClock;
use msf_testing::conformance::{self, TransportFactory};

use crate::order_placed::OrderPlaced;

// ANCHOR: transport
/// Carries what another transport carries, and writes a line for each event that is published.
#[derive(Clone)]
pub(crate) struct Audited<T>(pub(crate) T);

impl<T: Transport> Transport for Audited<T> {
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let ids: Vec<_> = batch.iter().map(|envelope| envelope.id).collect();
            let verdicts = self.0.publish(batch).await;
            for (id, verdict) in ids.iter().zip(&verdicts) {
                tracing::info!(target: "audit", %id, published = verdict.is_ok(), "event");
            }
            verdicts
        })
    }

    fn subscribe(
        &self,
        spec: SubscriptionSpec,
    ) -> BoxFuture<'_, Result<Box<dyn Deliveries>, TransportError>> {
        self.0.subscribe(spec)
    }

    fn waiting(&self, subscription: &str) -> BoxFuture<'_, Result<u64, TransportError>> {
        self.0.waiting(subscription)
    }

    fn dead_letters(&self) -> Arc<dyn DeadLetters> {
        self.0.dead_letters()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.0.close()
    }

    fn check(&self) -> Check {
        self.0.check()
    }
}
// ANCHOR_END: transport

async fn tell(_: Delivery<OrderPlaced>) -> Handled {
    Ok(())
}

// ANCHOR: app
pub(crate) async fn app(boot: Boot<()>) -> msf_service::Result<App> {
    let clock = boot.clock().clone();
    let embedded = EmbeddedTransport::open(boot.data_dir()?.join("own.db"), clock.clone())?;
    let transport = Arc::new(Audited(embedded));
    let check = transport.check();
    let events = Events::new(boot.name(), transport, clock);
    let orders = events.subscribe(Subscription::new("orders").on(tell));
    let place = async move |Path(item): Path<String>| -> Result<&'static str, Error> {
        let order_id = "o-7".to_owned();
        events.publish(OrderPlaced { order_id, item }).await?;
        Ok("placed")
    };
    let routes = Routes::new().post("/orders/{item}", Rule::public("no secret"), place);
    Ok(App::new().http(routes).component(orders).check(check))
}
// ANCHOR_END: app

#[tokio::test]
async fn a_service_takes_a_transport_of_its_own() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?;
    let answer = app.post("/orders/lamp").send().await;
    assert_eq!(answer.status(), 200);
    let line = app.handled("orders").await;
    let logs = app.logs();
    let audit = logs.iter().find(|line| line["target"] == "audit");
    let audit = audit.unwrap_or_else(|| panic!("no line of audit in {logs:#?}"));
    assert_eq!(audit["id"], line["event_id"]);
    Ok(())
}

// ANCHOR: conformance
struct Factory {
    folder: tempfile::TempDir,
    clock: FakeClock,
}

impl TransportFactory for Factory {
    type Transport = Audited<EmbeddedTransport>;

    /// Opened again and again, over the same state.
    async fn open(&self) -> Self::Transport {
        let file = self.folder.path().join("own.db");
        Audited(EmbeddedTransport::open(file, self.clock.clock()).expect("it opens"))
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

#[tokio::test]
async fn it_keeps_what_a_transport_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = FakeClock::new(SystemTime::UNIX_EPOCH);
    let report = conformance::transport(Factory { folder, clock }).await;
    report.assert_ok();
}
// ANCHOR_END: conformance

#[tokio::test]
async fn closing_it_closes_what_it_wraps() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = FakeClock::new(SystemTime::UNIX_EPOCH);
    let audited = Factory { folder, clock }.open().await;
    let publish = async || {
        let (order_id, item) = ("o-7".to_owned(), "lamp".to_owned());
        let envelope = Envelope::of(&OrderPlaced { order_id, item }).expect("it is JSON");
        audited.publish(vec![envelope]).await.remove(0)
    };
    assert!(publish().await.is_ok());
    audited.close().await;
    assert!(publish().await.is_err());
}
