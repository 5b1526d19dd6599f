//! The span of a handler is linked to that of whoever published, and both are in one trace.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use msf_bus::{Delivery, EmbeddedTransport, Events, Handled, Subscription};
use msf_core::clock::Clock;
use msf_core::component::{Component, Life};
use msf_core::context::{Context, TraceContext};
use support::Noted;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt as _};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of each span, by its name.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<(&'static str, Fields)>>>);

impl Spans {
    fn named(&self, name: &str) -> Vec<Fields> {
        let spans = self.0.lock().unwrap();
        let own = spans.iter().filter(|(own, _)| *own == name);
        own.map(|(_, fields)| fields.clone()).collect()
    }
}

struct Read<'a>(&'a mut Fields);

impl Visit for Read<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: tracing::Subscriber> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Read(&mut fields));
        let name = attributes.metadata().name();
        self.0.lock().unwrap().push((name, fields));
    }
}

#[tokio::test]
async fn a_handler_is_linked_to_its_producer() {
    let spans = Spans::default();
    let _guard =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
    let folder = tempfile::tempdir().unwrap();
    let transport = EmbeddedTransport::open(folder.path().join("bus.db"), Clock::system()).unwrap();
    let events = Events::new("shop", Arc::new(transport), Clock::system());

    let (handled, mut handling) = mpsc::unbounded_channel();
    let note = move |noted: Delivery<Noted>| {
        let handled = handled.clone();
        async move {
            let trace = Context::current().map(|context| context.trace().clone());
            Handled::Ok(handled.send((noted.envelope().clone(), trace))?)
        }
    };
    let (stop, life) = Life::new();
    let consumer = events.subscribe(Subscription::new("notes").on(note));
    let consumer = tokio::spawn(Box::new(consumer).run(life));

    let request = Context::root();
    let publish = async { events.publish(Noted::about("ana")).await };
    let id = request.clone().scope(publish).await.unwrap();
    let (envelope, trace) = handling.recv().await.unwrap();
    stop.stop();
    consumer.await.unwrap().unwrap();

    let producer = TraceContext::parse(envelope.traceparent.as_deref().unwrap()).unwrap();
    let trace_id = request.trace().trace_id().to_string();
    assert_eq!(trace.unwrap().trace_id(), request.trace().trace_id());
    let published = spans.named("publish");
    assert_eq!(published.len(), 1);
    assert_eq!(published[0]["otel.kind"], "producer");
    assert_eq!(published[0]["messaging.destination.name"], Noted::STREAM);
    let processed = spans.named("process");
    assert_eq!(processed.len(), 1);
    assert_eq!(processed[0]["otel.kind"], "consumer");
    assert_eq!(processed[0]["messaging.message.id"], id.to_string());
    assert_eq!(processed[0]["link.trace_id"], trace_id);
    let span_id = producer.parent_id().unwrap().to_string();
    assert_eq!(processed[0]["link.span_id"], span_id);
}
