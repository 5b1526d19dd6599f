//! The mailbox for people.

use std::fmt::Write as _;

use msf_service::axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use msf_service::axum::response::{IntoResponse, Response};

use super::json::date;
use super::list::Window;
use crate::application::{Letter, Page};
use crate::domain::escape;

/// No script and nothing from elsewhere, neither on the page nor in a mail, which inherits it. Styles are inline.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "body { font-family: system-ui, sans-serif; margin: 2rem; max-width: 70rem; } \
     table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: 0.3rem 1rem 0.3rem 0; } \
     td, th { border-bottom: 1px solid #ddd; overflow-wrap: anywhere; } \
     pre { white-space: pre-wrap; background: #f6f6f6; padding: 1rem; } iframe { width: 100%; height: 24rem; border: 1px solid #ddd; }";

pub(super) fn list(page: &Page, window: &Window) -> Response {
    let mut body = String::new();
    let to = escape(window.to.as_deref().unwrap_or_default());
    let _ = write!(
        body,
        "<h1>Mailbox</h1>\n<form action=\"/mail\" method=\"get\"><label>To <input name=\"to\" value=\"{to}\"></label> \
         <button>Show</button></form>\n<p>{} in all</p>\n\
         <table>\n<tr><th>Received</th><th>To</th><th>Subject</th><th>Correlation id</th></tr>\n",
        page.total
    );
    for letter in &page.letters {
        let mail = &letter.mail;
        let _ = writeln!(
            body,
            "<tr><td>{}</td><td>{}</td><td><a href=\"/mail/{}\">{}</a></td><td>{}</td></tr>",
            date(letter.received_at),
            escape(mail.to.as_str()),
            mail.id,
            escape(mail.content.subject.as_str()),
            escape(&mail.correlation_id)
        );
    }
    body.push_str("</table>\n<p>");
    let slice = window.slice();
    if window.page > 1 {
        link(&mut body, window, window.page - 1, "Older");
    }
    if slice.offset.saturating_add(u64::from(slice.limit)) < page.total {
        link(&mut body, window, window.page + 1, "Newer");
    }
    body.push_str("</p>\n");
    document("Mailbox", &body)
}

/// A link to another page of the same list.
fn link(body: &mut String, window: &Window, page: u32, words: &str) {
    let _ = write!(
        body,
        "<a href=\"/mail?page={page}&amp;page_size={}",
        window.page_size
    );
    if let Some(to) = &window.to {
        let _ = write!(body, "&amp;to={}", percent_encode(to));
    }
    let _ = write!(body, "\">{words}</a> ");
}

/// RFC 3986, 2.1: all but its unreserved characters.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The HTML of a mail is shown in a frame that has an origin of its own, and may do nothing.
pub(super) fn one(letter: &Letter) -> Response {
    let mail = &letter.mail;
    let subject = escape(mail.content.subject.as_str());
    let body = format!(
        "<p><a href=\"/mail\">Mailbox</a></p>\n<h1>{subject}</h1>\n<table>\n\
         <tr><th>From</th><td>{}</td></tr>\n<tr><th>To</th><td>{}</td></tr>\n<tr><th>Received</th><td>{}</td></tr>\n\
         <tr><th>Correlation id</th><td>{}</td></tr>\n</table>\n\
         <h2>HTML</h2>\n<iframe title=\"HTML\" sandbox=\"\" srcdoc=\"{}\"></iframe>\n<h2>Text</h2>\n<pre>{}</pre>\n",
        escape(mail.from.as_str()),
        escape(mail.to.as_str()),
        date(letter.received_at),
        escape(&mail.correlation_id),
        escape(&mail.content.html),
        escape(&mail.content.text)
    );
    document(&subject, &body)
}

fn document(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body>\n{body}</body>\n</html>\n"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept"),
    ];
    (headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_a_link_is_no_other_parameter() {
        assert_eq!(percent_encode("a+b&to=\"c@d.e"), "a%2Bb%26to%3D%22c%40d.e");
    }
}
