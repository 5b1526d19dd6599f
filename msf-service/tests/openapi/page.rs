//! The page stands alone, and a browser lets it do nothing but ask the app that it came from.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::started;

/// What is between two marks, which are there once.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let parts: Vec<_> = text.splitn(3, from).collect();
    let [_, rest] = parts[..] else {
        panic!("`{from}` is there {} times", parts.len() - 1);
    };
    rest.split(to).next().unwrap()
}

#[tokio::test]
async fn a_browser_runs_the_script_of_the_page_and_no_other() {
    let app = started().await;
    let page = app.get("/docs").send().await;
    let policy = page.header("content-security-policy");
    for (name, from, to) in [
        ("script-src", "<script>", "</script>"),
        ("style-src", "<style>", "</style>"),
    ] {
        let text = page.text();
        let hash = STANDARD.encode(digest(&SHA256, between(&text, from, to).as_bytes()));
        assert!(
            policy.contains(&format!("{name} 'sha256-{hash}';")),
            "{policy}"
        );
    }
    for part in [
        "default-src 'none'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(
            policy.split("; ").any(|other| other == part),
            "{part}: {policy}"
        );
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere_and_makes_no_html_of_texts() {
    let app = started().await;
    let text = app.get("/docs").send().await.text();
    // The examples of the page are texts that it shows.
    let text = text.replace("https://example.com/", "");
    for word in [
        "http:",
        "https:",
        "url(",
        "@import",
        "import ",
        "src=",
        "innerHTML",
        "outerHTML",
        "eval(",
    ] {
        assert!(!text.contains(word), "{word}");
    }
    for link in text.split("href=").skip(1) {
        let target = link.split('"').nth(1).unwrap();
        assert!(["data:,", "openapi.json"].contains(&target), "{target}");
    }
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let app = started().await;
    for path in ["/openapi.json", "/docs"] {
        let first = app.get(path).send().await;
        let etag = first.header("etag").to_owned();
        assert_eq!(first.header("cache-control"), "no-cache");
        for (known, status) in [
            (etag.clone(), 304),
            (format!("W/{etag}"), 304),
            (format!("\"x\", {etag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
        ] {
            let again = app.get(path).header("if-none-match", &known).send().await;
            assert_eq!(again.status(), status, "{path} {known}");
            assert_eq!(again.bytes().is_empty(), status == 304, "{path} {known}");
            assert_eq!(again.header("etag"), etag);
        }
    }
}
