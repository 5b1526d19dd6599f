//! One delivery: decoded, handled within its time and in its context, judged, settled, told.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use msf_core::clock::Clock;
use msf_core::context::{Context, Deadline};
use msf_core::observe::in_service;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use super::verdict::{Ended, Judged};
use crate::backoff::Backoff;
use crate::envelope::CAUSE;
use crate::subscription::AnyHandler;
use crate::transport::{Received, Settle, Verdict};
use crate::{Envelope, EventType, Receipt, Retry, Subscription, crash, record};

/// The handlers of one subscription, and what holds for them.
pub(super) struct Handlers {
    name: String,
    full: Arc<str>,
    by_type: BTreeMap<EventType, Arc<dyn AnyHandler>>,
    deadline: Duration,
    retry: Retry,
    clock: Clock,
}

impl Handlers {
    pub(super) fn new(full: String, subscription: Subscription, clock: Clock) -> Self {
        Self {
            name: subscription.name,
            full: full.into(),
            by_type: subscription.handlers,
            deadline: subscription.deadline,
            retry: subscription.retry,
            clock,
        }
    }

    /// Sees one delivery to its end; `closed` turns true when nobody takes its verdict any more.
    pub(super) async fn process(
        self: Arc<Self>,
        received: Received,
        service: Arc<str>,
        closed: watch::Receiver<bool>,
    ) {
        let context = Context::extract(&received.envelope);
        let (id, stream) = (received.envelope.id, received.envelope.parsed_type());
        // The span of whoever published it: a handler may run long after that has ended.
        let (trace_id, producer) = (context.trace().trace_id(), context.trace().parent_id());
        let span = tracing::info_span!(
            target: "msf::event",
            "process",
            otel.kind = "consumer",
            messaging.operation.name = "process",
            messaging.destination.name = stream.as_ref().map(EventType::stream),
            messaging.consumer.group.name = &*self.full,
            messaging.message.id = %id,
            messaging.message.conversation_id = received.envelope.correlation_id,
            link.trace_id = producer.map(|_| tracing::field::display(trace_id)),
            link.span_id = producer.map(tracing::field::display),
        );
        let work = CAUSE
            .scope(id, self.work(received, closed))
            .instrument(span);
        in_service(service, context.scope(work)).await;
    }

    async fn work(&self, received: Received, closed: watch::Receiver<bool>) {
        let Received {
            envelope,
            attempt,
            settle,
        } = received;
        let now = self.clock.now();
        let receipt = Receipt::new(Arc::clone(&self.full), envelope.id, now);
        let lag = now.duration_since(envelope.time).unwrap_or_default();
        let began = Instant::now();
        let ended = self
            .handle(envelope.clone(), attempt, receipt.clone())
            .await;
        let took = began.elapsed();
        if matches!(ended, Ended::Handled(Ok(()))) {
            crash::point("after_effect");
        }
        let judged = ended.judge(&self.retry, attempt, &receipt);
        if judged.verdict == Verdict::Ack {
            crash::point("before_ack");
        }
        self.settle(&*settle, &judged.verdict, closed).await;
        record::times(&self.name, lag, took);
        record::count(self.label(&envelope), &self.name, judged.outcome);
        self.log(&envelope, attempt, took, &judged);
    }

    /// Runs the handler, which may fail, panic or hang.
    async fn handle(&self, envelope: Envelope, attempt: u32, receipt: Receipt) -> Ended {
        let handler = match self.find(&envelope) {
            Ok(handler) => handler,
            Err(ended) => return ended,
        };
        let decoded = AssertUnwindSafe(async { handler.handle(envelope, attempt, receipt) });
        let work = match decoded.catch_unwind().await {
            Ok(Ok(work)) => AssertUnwindSafe(work).catch_unwind(),
            Ok(Err(error)) => return Ended::Undecodable(error),
            Err(payload) => return Ended::Panicked(payload),
        };
        // What the handler calls and writes is bounded by the same time.
        let context = Context::current().unwrap_or_else(Context::root);
        let context = match Deadline::after(self.deadline) {
            Some(deadline) => context.with_deadline(deadline),
            None => context,
        };
        match timeout(self.deadline, context.scope(work)).await {
            Ok(Ok(result)) => Ended::Handled(result),
            Ok(Err(payload)) => Ended::Panicked(payload),
            Err(_) => Ended::TimedOut(self.deadline),
        }
    }

    fn find(&self, envelope: &Envelope) -> Result<&Arc<dyn AnyHandler>, Ended> {
        let event_type = envelope.parsed_type().ok_or(Ended::UnknownType)?;
        if let Some(handler) = self.by_type.get(&event_type) {
            return Ok(handler);
        }
        let stream = event_type.stream();
        let known: Vec<String> = self
            .by_type
            .keys()
            .filter(|known| known.stream() == stream)
            .map(|known| format!("v{}", known.version()))
            .collect();
        if known.is_empty() {
            return Err(Ended::UnknownStream(format!(
                "no handler here is for {stream}: an older version of the service does not know it yet, or a newer one no longer"
            )));
        }
        Err(Ended::UnknownVersion(format!(
            "no handler for version {} of {stream}, only for {}",
            event_type.version(),
            known.join(", ")
        )))
    }

    /// Until it is durable: a verdict that is lost is an effect that happens twice. Where nobody takes it any more, the
    /// delivery comes again.
    async fn settle(
        &self,
        settle: &dyn Settle,
        verdict: &Verdict,
        mut closed: watch::Receiver<bool>,
    ) {
        let mut backoff = Backoff::default();
        while let Err(error) = settle.settle(verdict.clone()).await {
            let last = *closed.borrow();
            if last || backoff.is_fresh() {
                let error = msf_core::error::chain(&error);
                let what = if last {
                    "the verdict on an event was not stored; the event is delivered again"
                } else {
                    "the verdict on an event cannot be stored; trying again"
                };
                tracing::warn!(target: "msf::event", subscription = self.name, error, "{what}");
            }
            if last {
                return;
            }
            tokio::select! {
                _ = closed.wait_for(|closed| *closed) => {}
                () = sleep(backoff.next()) => {}
            }
        }
    }

    /// The type for metrics: of a foreign event its name is none of ours, and there may be any number of them.
    fn label(&self, envelope: &Envelope) -> String {
        let event_type = envelope.parsed_type();
        let known = |event_type: &EventType| {
            let mut known = self.by_type.keys();
            known.any(|known| known.stream() == event_type.stream())
        };
        event_type
            .filter(known)
            .map_or_else(|| "unknown".to_owned(), |event_type| event_type.to_string())
    }

    fn log(&self, envelope: &Envelope, attempt: u32, took: Duration, judged: &Judged) {
        let Judged {
            verdict,
            outcome,
            error,
        } = judged;
        let duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        let (mut retry_in_ms, mut reason) = (None, None);
        match verdict {
            Verdict::Ack => {}
            Verdict::Retry { after, .. } => {
                retry_in_ms = Some(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
            }
            Verdict::Dead { reason: why, .. } => reason = Some(why.as_str()),
        }
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "msf::event",
                    $level,
                    event_id = %envelope.id,
                    event_type = envelope.event_type,
                    subscription = self.name,
                    attempt,
                    outcome,
                    duration_ms,
                    reason,
                    retry_in_ms,
                    error = error.as_deref(),
                    "event"
                )
            };
        }
        match *outcome {
            "dead" => line!(tracing::Level::ERROR),
            "retried" | "unknown" => line!(tracing::Level::WARN),
            _ => line!(tracing::Level::INFO),
        }
    }
}
