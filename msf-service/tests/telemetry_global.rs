//! What a process installs once. One test, because the process is shared.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msf_core::context::Context;
use msf_service::telemetry::{LogFormat, Options, Telemetry};
use serde_json::Value;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_one_line_and_one_count_and_a_second_installation_fails() {
    let captured = Captured::default();
    let options = Options::new("hello")
        .format(LogFormat::Json)
        .writer(captured.clone());
    let telemetry = Telemetry::install_global(options).unwrap();

    let context = Context::root();
    let id = context.correlation_id().to_string();
    let joined = context
        .spawn(async { panic!("boom\nsecond {}", "line") })
        .await;
    assert!(joined.unwrap_err().is_panic());

    assert!(telemetry.flush(Duration::from_secs(5)));
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "{text}");
    let line = &lines[0];
    assert_eq!(line["message"], "panicked: boom\nsecond line");
    assert_eq!(
        (&line["level"], &line["target"]),
        (&"ERROR".into(), &"msf::panic".into())
    );
    assert_eq!(line["correlation_id"], *id);
    assert!(
        line["location"]
            .as_str()
            .unwrap()
            .contains("tests/telemetry_global.rs:"),
        "{line}"
    );
    assert!(
        line["thread"].as_str().unwrap().starts_with("tokio"),
        "{line}"
    );
    let wanted = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    assert_eq!(line["backtrace"].is_string(), wanted, "{line}");
    assert!(
        telemetry
            .render_metrics()
            .contains("msf_panics_total{service=\"hello\"} 1\n")
    );

    let again = Telemetry::install_global(Options::new("again").writer(io::sink())).unwrap_err();
    let expected = "telemetry is not set up: another tracing subscriber is installed";
    assert_eq!(again.to_string(), expected);
}
