//! Whether a program asks or a person with a browser.

use msf_service::axum::http::HeaderMap;
use msf_service::axum::http::header::ACCEPT;

/// What the answer is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Html,
    Json,
}

impl Format {
    /// HTML for whoever names `text/html` and does not like JSON better (RFC 9110, 12.5.1), as every browser does; JSON
    /// for all others.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let mut html = 0.0;
        let mut json = None;
        let values = headers.get_all(ACCEPT).into_iter();
        for range in values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','))
        {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts
                .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                .map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
            match &*name {
                "text/html" => html = quality,
                "application/json" => json = Some(quality),
                _ => {}
            }
        }
        if html > 0.0 && json.is_none_or(|json| json < html) {
            Self::Html
        } else {
            Self::Json
        }
    }
}

#[cfg(test)]
mod tests {
    use msf_service::axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_browser_gets_html_and_a_program_json() {
        for (accept, wanted) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Format::Html,
            ),
            ("text/html", Format::Html),
            ("Text/HTML; charset=utf-8", Format::Html),
            ("application/json;q=0.5, text/html", Format::Html),
            ("application/json", Format::Json),
            ("*/*", Format::Json),
            ("", Format::Json),
            ("text/html;q=0, */*", Format::Json),
            ("text/html;q=0.5, application/json", Format::Json),
            ("application/json, text/html", Format::Json),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Format::wanted(&headers), wanted, "{accept}");
        }
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Json);
    }
}
