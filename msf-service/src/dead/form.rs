//! Dead letters as JSON, for programs. The members are stable; further ones may come.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use msf_bus::Envelope;
use msf_bus::dead_letter::DeadLetter;
use serde_json::{Map, Value, json};

use super::{Done, text};
use crate::telemetry::Timestamp;

/// One line of a list: `{id, type, subscription, reason, attempts, since, redriven, error}`.
///
/// `attempts` counts those since it was redriven last; `since` is RFC 3339.
pub(crate) fn entry(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.envelope.id.to_string(),
        "type": letter.envelope.event_type,
        "subscription": letter.subscription,
        "reason": letter.reason.as_str(),
        "attempts": text::attempts(letter),
        "since": Timestamp::from(letter.at).to_string(),
        "redriven": letter.redriven,
        "error": letter.error,
    })
}

/// All of a dead letter: a line of the list, and `history: [{at, error}]` (the failures before the last, oldest first) and
/// `event`, the CloudEvent.
pub(crate) fn whole(letter: &DeadLetter) -> Value {
    let failures = letter.history.iter().map(
        |failure| json!({ "at": Timestamp::from(failure.at).to_string(), "error": failure.error }),
    );
    let mut whole = entry(letter);
    whole["history"] = failures.collect();
    whole["event"] = cloud_event(&letter.envelope);
    whole
}

/// What was done: `{action, dry_run, count, dead_letters}`, the last of them lines of a list.
pub(crate) fn done(done: &Done) -> Value {
    json!({
        "action": done.action.as_str(),
        "dry_run": done.dry_run,
        "count": done.count,
        "dead_letters": done.letters.iter().map(entry).collect::<Value>(),
    })
}

/// The event in the JSON format of CloudEvents 1.0. Data that is no JSON is in `data_base64`, as section 3.1.1 has it.
fn cloud_event(envelope: &Envelope) -> Value {
    let mut event = Map::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            event.insert(name.to_owned(), Value::String(value));
        }
    };
    add("specversion", Some("1.0".to_owned()));
    add("id", Some(envelope.id.to_string()));
    add("source", Some(envelope.source.clone()));
    add("type", Some(envelope.event_type.clone()));
    add("time", Some(Timestamp::from(envelope.time).to_string()));
    add("subject", envelope.key.clone());
    add("partitionkey", envelope.key.clone());
    add("datacontenttype", Some("application/json".to_owned()));
    add("dataschema", envelope.schema());
    add("correlationid", Some(envelope.correlation_id.clone()));
    add(
        "causationid",
        envelope.causation_id.map(|id| id.to_string()),
    );
    add("traceparent", envelope.traceparent.clone());
    add("tracestate", envelope.tracestate.clone());
    match serde_json::from_slice(&envelope.data) {
        Ok(data) => event.insert("data".to_owned(), data),
        Err(_) => event.insert(
            "data_base64".to_owned(),
            Value::String(BASE64_STANDARD.encode(&envelope.data)),
        ),
    };
    Value::Object(event)
}
