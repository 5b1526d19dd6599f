//! What is measured and logged of events: one line and a few counters each.

use std::time::Duration;

use msf_core::observe;
use tracing::Instrument;

use crate::{Envelope, EventType, PublishError, Transport};

/// What became of events: `published` and `publish_failed` (subscription is empty then), `handled`, `duplicate`, `retried`,
/// `dead`, `unknown`.
const EVENTS: &str = "msf_events_total";
/// From the event to the begin of its handling, in seconds.
const LAG: &str = "msf_event_lag_seconds";
/// How long a handler took.
const HANDLING: &str = "msf_event_duration_seconds";
/// Events that left an outbox.
const RELAYED: &str = "msf_outbox_relayed_total";
/// How long they had waited there.
const RELAY_LAG: &str = "msf_outbox_lag_seconds";
/// How many wait in an outbox.
const PENDING: &str = "msf_outbox_pending";
/// How long the oldest has been waiting there.
const OLDEST: &str = "msf_outbox_oldest_seconds";

/// Publishes, and counts what was published.
pub(crate) async fn publish(
    transport: &dyn Transport,
    batch: Vec<Envelope>,
) -> Vec<Result<(), PublishError>> {
    let types: Vec<String> = batch
        .iter()
        .map(|envelope| envelope.event_type.clone())
        .collect();
    let span = tracing::info_span!(
        target: "msf::event",
        "publish",
        otel.kind = "producer",
        messaging.operation.name = "publish",
        messaging.destination.name = batch.first().and_then(Envelope::parsed_type).as_ref().map(EventType::stream),
        messaging.batch.message_count = batch.len(),
    );
    let verdicts = transport.publish(batch).instrument(span).await;
    for (event_type, verdict) in types.into_iter().zip(&verdicts) {
        let outcome = if verdict.is_ok() {
            "published"
        } else {
            "publish_failed"
        };
        count(event_type, "", outcome);
    }
    verdicts
}

/// Counts one event.
pub(crate) fn count(event_type: String, subscription: &str, outcome: &'static str) {
    metrics::counter!(
        EVENTS,
        "service" => service(),
        "type" => event_type,
        "subscription" => subscription.to_owned(),
        "outcome" => outcome,
    )
    .increment(1);
}

/// Records how old an event was when its handling began, and how long that took.
pub(crate) fn times(subscription: &str, lag: Duration, took: Duration) {
    metrics::histogram!(LAG, "service" => service(), "subscription" => subscription.to_owned())
        .record(lag);
    metrics::histogram!(HANDLING, "service" => service(), "subscription" => subscription.to_owned())
        .record(took);
}

/// The name of the service that the current task works for.
pub(crate) fn service() -> String {
    observe::service_name().map_or_else(String::new, |name| name.to_string())
}

/// Counts one event that left an outbox, `waited` after it was staged.
pub(crate) fn relayed(store: &str, waited: Duration) {
    metrics::counter!(RELAYED, "service" => service(), "store" => store.to_owned()).increment(1);
    metrics::histogram!(RELAY_LAG, "service" => service(), "store" => store.to_owned())
        .record(waited);
}

/// Tells how much waits in an outbox, and for how long the oldest does.
#[expect(
    clippy::cast_precision_loss,
    reason = "no outbox holds more than an f64 counts"
)]
pub(crate) fn pending(store: &str, count: u64, oldest: Duration) {
    metrics::gauge!(PENDING, "service" => service(), "store" => store.to_owned()).set(count as f64);
    metrics::gauge!(OLDEST, "service" => service(), "store" => store.to_owned()).set(oldest);
}

/// Sets a gauge of one subscription.
#[expect(
    clippy::cast_precision_loss,
    reason = "no queue holds more than an f64 counts"
)]
pub(crate) fn gauge(name: &'static str, subscription: &str, value: impl TryInto<u64>) {
    let value = value.try_into().unwrap_or(u64::MAX) as f64;
    metrics::gauge!(name, "service" => service(), "subscription" => subscription.to_owned())
        .set(value);
}
