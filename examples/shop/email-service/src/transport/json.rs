//! The mailbox for programs.

use std::time::SystemTime;

use msf_service::axum::http::HeaderValue;
use msf_service::axum::http::header::{CACHE_CONTROL, VARY, X_CONTENT_TYPE_OPTIONS};
use msf_service::axum::response::{IntoResponse, Response};
use msf_service::http::Json;
use msf_service::prost_types::Timestamp;
use serde::Serialize;

use crate::application::{Letter, Page};

#[derive(Serialize)]
struct Messages {
    messages: Vec<Message>,
    total: u64,
}

#[derive(Serialize)]
struct Message {
    id: String,
    to: String,
    subject: String,
    received_at: String,
    correlation_id: String,
}

#[derive(Serialize)]
struct WholeMessage {
    #[serde(flatten)]
    message: Message,
    from: String,
    text: String,
    html: String,
}

pub(super) fn list(page: Page) -> Response {
    let messages = page.letters.iter().map(message).collect();
    answer(Messages {
        messages,
        total: page.total,
    })
}

pub(super) fn one(letter: Letter) -> Response {
    answer(WholeMessage {
        message: message(&letter),
        from: letter.mail.from.as_str().to_owned(),
        text: letter.mail.content.text,
        html: letter.mail.content.html,
    })
}

fn message(letter: &Letter) -> Message {
    let mail = &letter.mail;
    Message {
        id: mail.id.to_string(),
        to: mail.to.as_str().to_owned(),
        subject: mail.content.subject.as_str().to_owned(),
        received_at: date(letter.received_at),
        correlation_id: mail.correlation_id.clone(),
    }
}

/// RFC 3339, in UTC.
pub(super) fn date(time: SystemTime) -> String {
    Timestamp::from(time).to_string()
}

/// The same address answers in two formats, and what it says is nobody else's.
fn answer(body: impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
