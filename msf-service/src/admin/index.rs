//! The page that links to all others. It needs nothing from elsewhere and runs no script.

use std::fmt;

use axum::response::{Html, IntoResponse, Response};
use http::header::CONTENT_SECURITY_POLICY;
use msf_core::health::Health;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem;\
                     color-scheme:light dark}a{font-family:ui-monospace,monospace}li{margin:.2rem 0}\
                     body:has(table){max-width:none}table{border-collapse:collapse}pre{white-space:pre-wrap}\
                     th,td{border:1px solid;padding:.2rem .5rem;text-align:left;vertical-align:top}";

/// A line of the page.
pub(super) struct Link {
    pub(super) to: String,
    pub(super) title: String,
    /// Whose state is shown beside it.
    pub(super) health: Option<Health>,
}

impl Link {
    pub(super) fn new(to: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            title: title.into(),
            health: None,
        }
    }
}

/// The page. Its links are relative, so that it works behind a path of a proxy too.
pub(super) fn page(title: &str, links: &[Link]) -> Response {
    let items: String = links.iter().map(ToString::to_string).collect();
    frame(title, &format!("<ul>\n{items}</ul>"))
}

/// A page with this title and body, which runs no script and loads nothing.
pub(super) fn frame(title: &str, body: &str) -> Response {
    let title = Escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · admin</title>\
         <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}</body></html>\n"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { to, title, health } = self;
        write!(
            f,
            "<li><a href=\"{0}\">{0}</a> {1}",
            Escaped(to),
            Escaped(title)
        )?;
        if let Some(health) = health {
            write!(f, " <em>{:?}</em>", health.state())?;
        }
        f.write_str("</li>\n")
    }
}

/// Text that stands for itself in HTML, in an attribute too.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            other => fmt::Write::write_char(f, other),
        })
    }
}
