//! Which field of an input does not fit, in words for whoever sent it.

use msf_core::error::FieldError;
use serde_path_to_error::{Path, Segment};

/// Names the field at `path`; one that is missing or there twice is named itself, and not what it belongs to.
pub(super) fn misfit(path: &Path, code: &'static str, message: &str) -> FieldError {
    let mut field = if path.iter().all(|at| matches!(at, Segment::Unknown)) {
        String::new()
    } else {
        path.to_string()
    };
    let of_name = |prefix: &str| message.strip_prefix(prefix)?.strip_suffix('`');
    let unknown = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once('`'));
    if let Some((name, known)) = unknown {
        // The path of an unknown field is its own, or that of what it is in, as the reader has it.
        if path.iter().next_back().map(ToString::to_string).as_deref() != Some(name) {
            field = [field.as_str(), name].join(if field.is_empty() { "" } else { "." });
        }
        let message = match known.strip_prefix(", expected ") {
            Some(known) => format!("is not known here; known: {}", known.replace("one of ", "")),
            None => "is not known here".to_owned(),
        };
        return FieldError::new(field, code, message);
    }
    let (name, code, message) = match (of_name("missing field `"), of_name("duplicate field `")) {
        (Some(name), _) => (name, "required", "is missing"),
        (_, Some(name)) => (name, "duplicate", "is there twice"),
        _ => return FieldError::new(field, code, without_value(message)),
    };
    if !field.is_empty() {
        field.push('.');
    }
    field.push_str(name);
    FieldError::new(field, code, message)
}

/// serde tells what it found, which may be a password in the wrong type; what it expected is enough.
fn without_value(message: &str) -> String {
    let of_value = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant ",
    ]
    .iter()
    .any(|start| message.starts_with(start));
    match message.rsplit_once(", expected ") {
        // The name of a struct of ours says nothing to a client.
        Some((_, expected)) if of_value && expected.starts_with("struct ") => {
            "expected an object".to_owned()
        }
        Some((_, expected)) if of_value => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}
