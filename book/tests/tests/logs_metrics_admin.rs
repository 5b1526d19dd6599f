//! The page on logs, metrics and the admin port says what the code does.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use msf_core::context::Context;
use msf_core::health::{Health, State};
use msf_service::admin::{self, AdminApp};
use msf_service::telemetry::{LogFormat, Options, Telemetry};
use tower::ServiceExt;

const PAGE: &str = include_str!("../../src/reference/logs-metrics-admin.md");

/// What stands in backticks in the first cell of each row under a table's head.
fn names(head: &str) -> Vec<&'static str> {
    let (_, table) = PAGE.split_once(head).expect("the table");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect()
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_keys_of_a_line() {
    let captured = Captured::default();
    let options = Options::new("shop")
        .format(LogFormat::Json)
        .writer(captured.clone());
    let telemetry = Telemetry::scoped(options).expect("a thread");
    let guard = telemetry.set_default();
    Context::root().sync_scope(|| tracing::info!(last = true, "hello"));
    drop(guard);
    assert!(telemetry.flush(Duration::from_secs(5)));

    let line = String::from_utf8(captured.0.lock().expect("no panic").clone()).expect("text");
    let mut at = 0;
    for key in names("| key | what it is |").into_iter().chain(["last"]) {
        let found = line[at..].find(&format!("\"{key}\":"));
        at += found.unwrap_or_else(|| panic!("{key} comes next in {line}")) + 1;
    }
    let members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        members.len(),
        names("| key | what it is |").len() + 1,
        "{line}"
    );
}

#[tokio::test]
async fn the_paths_of_the_admin_port() {
    let telemetry = Telemetry::scoped(Options::new("shop").writer(io::sink())).expect("a thread");
    let health = Health::new();
    health.set_state(State::Ready);
    let app = AdminApp::new("shop", health);
    let router = admin::router("shop", [app], telemetry).expect("no conflict");
    let paths = names("| path | what it answers |");
    assert_eq!(paths.len(), 10);
    for path in paths {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let answer = router.clone().oneshot(request).await.expect("infallible");
        assert_eq!(answer.status(), 200, "{path}");
    }
}
