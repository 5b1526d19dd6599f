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
    let (name, code, message) = match (of_name("missing field `"), of_name("duplicate field `")) {
        (Some(name), _) => (name, "required", "is missing"),
        (_, Some(name)) => (name, "duplicate", "is there twice"),
        _ => return FieldError::new(field, code, message.to_owned()),
    };
    if !field.is_empty() {
        field.push('.');
    }
    field.push_str(name);
    FieldError::new(field, code, message)
}
