//! An event on its way: its bytes, and what anybody may know of it without understanding them.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use msf_core::context::{self, Carrier, Context};
use msf_core::observe;

use crate::{EncodeError, Event, EventId, EventType};

/// The most that one event may have of data, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

tokio::task_local! {
    /// The event that this task handles: what it publishes was caused by it.
    pub(crate) static CAUSE: EventId;
}

/// An event on its way, with the attributes of CloudEvents 1.0.
///
/// It carries the correlation id and the trace of the request that caused it, and no deadline: an event outlives the
/// request. `Debug` shows no data.
///
/// ```
/// # use msf_bus::{Envelope, Event};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(name = "orders.order-placed", crate = "msf_bus")]
/// # struct OrderPlaced { order_id: String }
/// let envelope = Envelope::of(&OrderPlaced { order_id: "o-7".to_owned() }).unwrap();
/// assert_eq!(envelope.event_type, "orders.order-placed.v1");
/// assert_eq!(&envelope.data[..], br#"{"order_id":"o-7"}"#);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Envelope {
    /// `id`
    pub id: EventId,
    /// `type`: an [`EventType`], if msf made it.
    pub event_type: String,
    /// `source`: `/services/NAME`
    pub source: String,
    /// `time`: when it happened.
    pub time: SystemTime,
    /// `subject` and `partitionkey`: the key of the event.
    pub key: Option<String>,
    /// `correlationid`
    pub correlation_id: String,
    /// `causationid`: the event whose handler published this one.
    pub causation_id: Option<EventId>,
    /// `traceparent`, of the W3C.
    pub traceparent: Option<String>,
    /// `tracestate`, of the W3C.
    pub tracestate: Option<String>,
    /// The event itself, JSON (`datacontenttype` is `application/json`).
    pub data: Bytes,
}

impl Envelope {
    /// Puts an event into an envelope with a new id, in the context of the current request or event.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when the event cannot be written as JSON, or has more than 16 MiB of it.
    pub fn of<E: Event>(event: &E) -> Result<Self, EncodeError> {
        let refused = |source| EncodeError::new(EventType::of::<E>(), source);
        let data = serde_json::to_vec(event).map_err(refused)?;
        // Said now, and nothing is stored; later nobody would be there to hear it.
        if let Some(why) = too_large(data.len()) {
            return Err(refused(serde::ser::Error::custom(why)));
        }
        let context = Context::current().map_or_else(Context::root, |context| context.child());
        let service = observe::service_name();
        Ok(Self {
            id: EventId::random(),
            event_type: EventType::of::<E>().to_string(),
            source: format!("/services/{}", service.as_deref().unwrap_or("unknown")),
            time: msf_core::clock::Clock::system().now(),
            key: event.key().map(std::borrow::Cow::into_owned),
            correlation_id: context.correlation_id().to_string(),
            causation_id: CAUSE.try_with(|cause| *cause).ok(),
            traceparent: Some(context.trace().to_header()),
            tracestate: context.trace().state().map(str::to_owned),
            data: data.into(),
        })
    }

    /// The stream and the version, if its type is one of ours.
    pub fn parsed_type(&self) -> Option<EventType> {
        EventType::parse(&self.event_type)
    }

    /// `dataschema`: a name for the shape of the data, `urn:msf:STREAM:VERSION`.
    pub fn schema(&self) -> Option<String> {
        self.parsed_type()
            .map(|kind| format!("urn:msf:{}:{}", kind.stream(), kind.version()))
    }
}

/// Why an event with so many bytes of data is not published, if it is not.
pub(crate) fn too_large(size: usize) -> Option<String> {
    (size > LARGEST).then(|| {
        format!(
            "it has {size} bytes of data, and {LARGEST} is the most: keep the bulk elsewhere, and let the event say where"
        )
    })
}

impl Carrier for Envelope {
    fn get(&self, name: &str) -> Option<&str> {
        match name {
            context::CORRELATION_ID => Some(&self.correlation_id),
            context::TRACEPARENT => self.traceparent.as_deref(),
            context::TRACESTATE => self.tracestate.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("event_type", &self.event_type)
            .field("source", &self.source)
            .field("bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}
