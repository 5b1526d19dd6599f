//! The attributes of an envelope as one text, the way a store keeps them beside the data.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::{Envelope, EventId};

/// The attributes under their names of CloudEvents; what follows from the type, or is the same for all, is left out.
#[derive(Serialize, Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    /// Nanoseconds since 1970.
    time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    partitionkey: Option<Cow<'a, str>>,
    #[serde(borrow)]
    correlationid: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    causationid: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    traceparent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    tracestate: Option<Cow<'a, str>>,
}

/// The attributes as JSON; `id` is that of the envelope.
pub(crate) fn to_json(envelope: &Envelope, id: &str) -> Result<String, serde_json::Error> {
    let since = envelope
        .time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    serde_json::to_string(&Attributes {
        id: id.into(),
        event_type: envelope.event_type.as_str().into(),
        source: envelope.source.as_str().into(),
        time: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        partitionkey: envelope.key.as_deref().map(Cow::Borrowed),
        correlationid: envelope.correlation_id.as_str().into(),
        causationid: envelope.causation_id.map(|id| id.to_string().into()),
        traceparent: envelope.traceparent.as_deref().map(Cow::Borrowed),
        tracestate: envelope.tracestate.as_deref().map(Cow::Borrowed),
    })
}

/// The envelope with these attributes and this data; the error says what is wrong with the attributes.
pub(crate) fn envelope(attributes: &str, data: Vec<u8>) -> Result<Envelope, String> {
    let attributes: Attributes<'_> =
        serde_json::from_str(attributes).map_err(|error| error.to_string())?;
    let id = |text: &str| {
        text.parse::<EventId>()
            .map_err(|error| format!("{text}: {error}"))
    };
    Ok(Envelope {
        id: id(&attributes.id)?,
        event_type: attributes.event_type.into_owned(),
        source: attributes.source.into_owned(),
        time: SystemTime::UNIX_EPOCH + Duration::from_nanos(attributes.time),
        key: attributes.partitionkey.map(Cow::into_owned),
        correlation_id: attributes.correlationid.into_owned(),
        causation_id: attributes.causationid.as_deref().map(id).transpose()?,
        traceparent: attributes.traceparent.map(Cow::into_owned),
        tracestate: attributes.tracestate.map(Cow::into_owned),
        data: data.into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_comes_back(
            texts in proptest::array::uniform3(".{0,30}"),
            options in (option::of(".{0,30}"), option::of(".{0,30}"), option::of(".{0,30}"), any::<bool>()),
            nanos in any::<u64>(),
            data in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let [event_type, source, correlation_id] = texts;
            let (key, traceparent, tracestate, caused) = options;
            let sent = Envelope {
                id: EventId::random(),
                event_type,
                source,
                time: SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos),
                key,
                correlation_id,
                causation_id: caused.then(EventId::random),
                traceparent,
                tracestate,
                data: data.into(),
            };
            let kept = to_json(&sent, &sent.id.to_string()).unwrap();
            prop_assert_eq!(envelope(&kept, sent.data.to_vec()).unwrap(), sent);
        }
    }
    proptest! {
        #[test]
        fn any_text_is_an_envelope_or_an_error(text in ".{0,100}") {
            let _ = envelope(&text, Vec::new());
        }
    }
}
