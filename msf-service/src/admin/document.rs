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
        let (content_type, body) = match Form::wanted(request, false)? {
            Form::Json => ("application/json", format!("{:#}\n", self.json)),
            Form::Text | Form::Html => ("text/plain; charset=utf-8", self.text.clone()),
        };
        Ok(([(CONTENT_TYPE, content_type), (VARY, "accept")], body).into_response())
    }
}

/// How an answer is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Json,
    /// Only where there is a page for browsers.
    Html,
}

impl Form {
    /// `?format=` decides, else whether `Accept` names JSON, or HTML where there is any: a browser asks for HTML, a program
    /// that wants JSON for JSON.
    pub(super) fn wanted(request: &Parts, html: bool) -> Result<Self, Error> {
        let query = request.uri.query().unwrap_or_default();
        match query
            .split('&')
            .find_map(|pair| pair.strip_prefix("format="))
        {
            Some("json") => return Ok(Self::Json),
            Some("text") => return Ok(Self::Text),
            Some("html") if html => return Ok(Self::Html),
            Some(_) => {
                let message = if html {
                    "format must be text, json or html"
                } else {
                    "format must be text or json"
                };
                return Err(Error::new(Kind::Malformed, "admin.format", message));
            }
            None => {}
        }
        Ok(if accepts(request, "application/json") {
            Self::Json
        } else if html && accepts(request, "text/html") {
            Self::Html
        } else {
            Self::Text
        })
    }
}

/// Whether `Accept` names this type. `q=0` is a refusal (RFC 9110, 12.4.2).
fn accepts(request: &Parts, wanted: &str) -> bool {
    let accepted = request.headers.get_all(ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}
