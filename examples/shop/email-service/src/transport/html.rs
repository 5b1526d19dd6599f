//! The mailbox for people.

use std::fmt::Write as _;
use std::time::SystemTime;

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

const STYLE: &str = include_str!("html.css");

pub(super) fn list(page: &Page, window: &Window) -> Response {
    let mut body = String::new();
    let to = escape(window.to.as_deref().unwrap_or_default());
    let _ = write!(
        body,
        "<h1>Mailbox</h1>\n<form action=\"/mail\" method=\"get\"><label>To <input name=\"to\" value=\"{to}\"></label> \
         <button>Show</button></form>\n<p>{} in all</p>\n",
        page.total
    );
    if !page.letters.is_empty() {
        body.push_str(
            "<table>\n<thead><tr><th>Received</th><th>To</th><th>Subject</th><th>Correlation id</th></tr></thead>\n<tbody>\n",
        );
        for letter in &page.letters {
            let mail = &letter.mail;
            let _ = writeln!(
                body,
                "<tr><td>{}</td><td>{}</td><td><a href=\"/mail/{}\">{}</a></td><td><code>{}</code></td></tr>",
                time(letter.received_at),
                escape(mail.to.as_str()),
                mail.id,
                escape(mail.content.subject.as_str()),
                escape(&mail.correlation_id)
            );
        }
        body.push_str("</tbody>\n</table>\n");
    }
    body.push_str("<p>");
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
        "<p><a href=\"/mail\">Mailbox</a></p>\n<h1>{subject}</h1>\n<dl>\n\
         <dt>From</dt><dd>{}</dd>\n<dt>To</dt><dd>{}</dd>\n<dt>Received</dt><dd>{}</dd>\n\
         <dt>Correlation id</dt><dd><code>{}</code></dd>\n</dl>\n\
         <h2>HTML</h2>\n<iframe title=\"HTML\" sandbox=\"\" srcdoc=\"{}\"></iframe>\n<h2>Text</h2>\n<pre>{}</pre>\n",
        escape(mail.from.as_str()),
        escape(mail.to.as_str()),
        time(letter.received_at),
        escape(&mail.correlation_id),
        escape(&mail.content.html),
        escape(&mail.content.text)
    );
    document(&subject, &body)
}

/// To the second, for people; the rest for programs.
fn time(at: SystemTime) -> String {
    let exact = date(at);
    let second = exact.split(['.', 'Z']).next().unwrap_or_default();
    let shown = second.replace('T', " ");
    format!("<time datetime=\"{exact}\">{shown} UTC</time>")
}

fn document(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\n\
         <style>\n{STYLE}</style></head>\n<body><main>\n{body}</main></body>\n</html>\n"
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_shown_to_the_second_with_and_without_a_fraction() {
        for (millis, exact) in [(0, "08:00:07Z"), (250, "08:00:07.250Z")] {
            let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_852_807_000 + millis);
            let wanted =
                format!("<time datetime=\"2026-11-28T{exact}\">2026-11-28 08:00:07 UTC</time>");
            assert_eq!(time(at), wanted);
        }
    }

    #[test]
    fn an_address_in_a_link_is_no_other_parameter() {
        assert_eq!(percent_encode("a+b&to=\"c@d.e"), "a%2Bb%26to%3D%22c%40d.e");
    }
}
