//! Reads the data of an event, and says what is wrong with it without repeating it: it may be personal.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// The event in `data`; else where and why not, for the log and the dead letter.
pub(crate) fn decode<E: DeserializeOwned>(data: &[u8]) -> Result<E, String> {
    let mut reader = serde_json::Deserializer::from_slice(data);
    let event = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = place_of(error.path());
        let inner = error.into_inner();
        let place = format!("line {} column {}", inner.line(), inner.column());
        if inner.is_data() {
            format!(
                "the field `{field}` {} at {place}",
                misfit(&inner.to_string())
            )
        } else {
            // What is no JSON is told by its place.
            format!("the data is no JSON: {inner}")
        }
    })?;
    let end = reader.end();
    end.map_err(|error| format!("the data is no JSON: {error}"))?;
    Ok(event)
}

/// Where it is. The key of a map looks like the name of a field, and may be somebody's address: only what can be a name is
/// repeated.
fn place_of(path: &Path) -> String {
    let is_name = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        text.len() <= 64 && text.bytes().all(allowed)
    };
    let mut place = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => {
                // Writing to a String does not fail.
                let _ = write!(place, "[{index}]");
                continue;
            }
            Segment::Map { key: name } | Segment::Enum { variant: name } if is_name(name) => name,
            Segment::Map { .. } | Segment::Enum { .. } => "*",
            Segment::Unknown => "?",
        };
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(name);
    }
    if place.is_empty() {
        place.push('.');
    }
    place
}

/// What serde says, without the value that it found.
fn misfit(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(text, _)| text);
    if message.starts_with("missing field ") || message.starts_with("duplicate field ") {
        return format!("does not fit: {message}");
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("does not fit: expected {expected}"),
        None => "does not fit".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only read")]
        id: u64,
    }

    #[test]
    fn a_key_that_somebody_chose_is_no_place() {
        #[derive(Debug, Deserialize)]
        struct Ages {
            #[expect(dead_code, reason = "only read")]
            ages: std::collections::HashMap<String, Vec<u64>>,
        }
        for (key, told) in [("ana@example.com", "*"), ("Ana B", "*"), ("ana_1", "ana_1")] {
            let data = format!(r#"{{"ages": {{"{key}": [1, "x"]}}}}"#);
            let error = decode::<Ages>(data.as_bytes()).unwrap_err();
            let expected = format!("the field `ages.{told}[1]` does not fit: expected u64");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn it_names_the_place_and_never_the_value() {
        for (data, told) in [
            (
                r#"{"id": "secret"}"#,
                "the field `id` does not fit: expected u64 at line 1 column 15",
            ),
            (
                r#"{"secret": 1}"#,
                "the field `.` does not fit: missing field `id` at line 1 column 13",
            ),
            (
                r#"{"id": "#,
                "the data is no JSON: EOF while parsing a value at line 1 column 7",
            ),
            (
                r#"{"id": 1} secret"#,
                "the data is no JSON: trailing characters at line 1 column 11",
            ),
            (
                "secret",
                "the data is no JSON: expected value at line 1 column 1",
            ),
        ] {
            assert_eq!(decode::<Order>(data.as_bytes()).unwrap_err(), told);
        }
        assert!(decode::<Order>(br#"{"id": 1, "later": 2}"#).is_ok());
        assert!(decode::<Order>(b"\xff").is_err());
    }
}
