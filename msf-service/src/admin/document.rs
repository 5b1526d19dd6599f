//! Something that can be read as text and as JSON.

use std::fmt::Write;

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, VARY};
use http::request::Parts;
use msf_core::error::{Error, Kind};
use serde_json::Value;

/// The same content twice: as text for people, as JSON for programs.
///
/// ```
/// use msf_service::admin::Document;
/// let document = Document::new("listen = \"127.0.0.1:8080\"\n", serde_json::json!({ "listen": "127.0.0.1:8080" }));
/// # let _ = document;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    text: String,
    json: Value,
}

impl Document {
    /// Makes a document of both forms.
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
        }
    }

    /// One document of several, each with its name: a heading in the text, a member in the JSON.
    pub(super) fn by_name<'a>(named: impl IntoIterator<Item = (&'a str, &'a Self)>) -> Self {
        let mut text = String::new();
        let mut json = serde_json::Map::new();
        for (name, document) in named {
            let gap = if text.is_empty() { "" } else { "\n" };
            // Writing to a String does not fail.
            let _ = write!(text, "{gap}# {name}\n\n{}", document.text);
            json.insert(name.to_owned(), document.json.clone());
        }
        Self {
            text,
            json: Value::Object(json),
        }
    }

    /// One document of several lists.
    pub(super) fn concat<'a>(lists: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut text = String::new();
        let mut json = Vec::new();
        for document in lists {
            text.push_str(&document.text);
            json.extend(document.json.as_array().into_iter().flatten().cloned());
        }
        Self {
            text,
            json: Value::Array(json),
        }
    }

    /// Answers with the form that the request wants.
    pub(super) fn answer(&self, request: &Parts) -> Result<Response, Error> {
        let (content_type, body) = if wants_json(request)? {
            ("application/json", format!("{:#}\n", self.json))
        } else {
            ("text/plain; charset=utf-8", self.text.clone())
        };
        Ok(([(CONTENT_TYPE, content_type), (VARY, "accept")], body).into_response())
    }
}

/// `?format=json|text` decides, else whether `Accept` names JSON: a browser does not, a program that wants it does.
fn wants_json(request: &Parts) -> Result<bool, Error> {
    let query = request.uri.query().unwrap_or_default();
    match query
        .split('&')
        .find_map(|pair| pair.strip_prefix("format="))
    {
        Some("json") => return Ok(true),
        Some("text") => return Ok(false),
        Some(_) => {
            return Err(Error::new(
                Kind::Malformed,
                "admin.format",
                "format must be text or json",
            ));
        }
        None => {}
    }
    let accepted = request
        .headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    Ok(accepted.flat_map(|value| value.split(',')).any(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let json = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
        // `q=0` is a refusal (RFC 9110, 12.4.2).
        json && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    }))
}
