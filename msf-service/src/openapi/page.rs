//! The page that shows the document and lets one try it. It loads nothing but the document.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const HTML: &str = include_str!("docs.html");
const STYLE: &str = include_str!("docs.css");
const SCRIPT: &str = include_str!("docs.js");

/// The page as one text.
pub(super) fn html() -> String {
    HTML.replace("{style}", STYLE).replace("{script}", SCRIPT)
}

/// What a browser may do for the page: run this script and no other, and ask where the page came from.
pub(super) fn policy() -> String {
    let (style, script) = (sha256(STYLE), sha256(SCRIPT));
    format!(
        "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
}

pub(super) fn sha256(text: &str) -> String {
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}
