//! Logs and metrics, each test with a telemetry of its own.

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::MatchedPath;
use axum::routing::get;
use msf_core::clock::FakeClock;
use msf_core::context::{Context, ContextLayer};
use msf_core::observe::{ObserveLayer, in_service};
use msf_service::telemetry::{LogFormat, Options, Telemetry};
use serde_json::Value;
use tokio::time::Instant;
use tower::{ServiceBuilder, ServiceExt};

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

impl Captured {
    fn text(&self, telemetry: &Telemetry) -> String {
        assert!(telemetry.flush(Duration::from_secs(5)));
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn json(&self, telemetry: &Telemetry) -> Vec<Value> {
        let text = self.text(telemetry);
        let parse =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        text.lines().map(parse).collect()
    }
}

fn telemetry(format: LogFormat) -> (Telemetry, Captured) {
    let captured = Captured::default();
    let clock = FakeClock::new(UNIX_EPOCH + Duration::from_millis(1_795_475_565_123)).clock();
    let options = Options::new("shop")
        .format(format)
        .writer(captured.clone())
        .clock(clock);
    (Telemetry::scoped(options).unwrap(), captured)
}

fn arriving(id: &str) -> Context {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-correlation-id", id.parse().unwrap());
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    headers.insert("traceparent", parent.parse().unwrap());
    Context::extract(&headers)
}

#[tokio::test]
async fn a_line_is_flat_json_with_the_ids_of_its_context() {
    let (telemetry, captured) = telemetry(LogFormat::Auto);
    let _guard = telemetry.set_default();
    let context = arriving("order-7");
    let span_id = context.trace().span_id().to_string();
    let work = context.scope(async {
        tracing::warn!(target: "t", count = 3, ratio = 0.5, ok = true, who = %"ana", "hi {}", 1);
    });
    in_service("user-service".into(), work).await;
    tracing::info!("outside");

    let text = captured.text(&telemetry);
    let expected = format!(
        "{{\"timestamp\":\"2026-11-23T23:12:45.123000Z\",\"level\":\"WARN\",\"target\":\"t\",\"message\":\"hi 1\",\
         \"service\":\"user-service\",\"correlation_id\":\"order-7\",\
         \"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"{span_id}\",\
         \"count\":3,\"ratio\":0.5,\"ok\":true,\"who\":\"ana\"}}"
    );
    assert_eq!(text.lines().next(), Some(&*expected));
    let outside = &captured.json(&telemetry)[1];
    assert_eq!(outside["service"], "shop");
    assert_eq!(outside.get("correlation_id"), None);
}

#[test]
fn every_line_is_one_json_object_whatever_is_in_it() {
    let (telemetry, captured) = telemetry(LogFormat::Json);
    let _guard = telemetry.set_default();
    let broken = String::from_utf8_lossy(b"\xff\xfe broken");
    let nasty = [
        "a\nb\r\n",
        "\"},{\"level\":\"x",
        "\u{1b}[31mred",
        "\u{2028}\u{85}\0",
        "ünï\u{202e}cödé",
        "\\",
        "",
        &broken,
    ];
    for text in nasty {
        tracing::info!(text, debug = ?text, display = %text, "{text}");
    }
    let error = io::Error::other(io::Error::other("inner \n cause"));
    let cause: &(dyn std::error::Error + 'static) = &error;
    tracing::info!(
        cause,
        nan = f64::NAN,
        big = u64::MAX,
        huge = 1e300,
        r#type = "keyword"
    );
    tracing::info!(long = "x".repeat(1_000_000));
    tracing::info!(
        level = "evil",
        service = "evil",
        span_id = "evil",
        message = "given"
    );

    let lines = captured.json(&telemetry);
    assert_eq!(lines.len(), nasty.len() + 3);
    for (line, text) in lines.iter().zip(nasty) {
        assert_eq!(line["text"], text);
        assert_eq!(line["display"], text);
        assert_eq!(line["message"], text);
        assert_eq!(line["debug"], format!("{text:?}"));
    }
    let [.., values, long, evil] = &*lines else {
        panic!("three more")
    };
    assert_eq!(values["nan"], "NaN");
    assert_eq!(values["big"], u64::MAX);
    assert_eq!(values["huge"], 1e300);
    assert_eq!(values["type"], "keyword");
    assert_eq!(long["long"].as_str().unwrap().len(), 8 * 1024 + 3);
    assert_eq!(
        (&evil["level"], &evil["field_level"]),
        (&"INFO".into(), &"evil".into())
    );
    assert_eq!(
        (&evil["service"], &evil["field_service"]),
        (&"shop".into(), &"evil".into())
    );
    assert_eq!(
        (evil.get("span_id"), &evil["field_span_id"]),
        (None, &"evil".into())
    );
    assert_eq!(evil["message"], "given");
    let text = captured.text(&telemetry);
    assert!(
        !text
            .chars()
            .any(|character| character != '\n' && character.is_control())
    );
}

#[tokio::test]
async fn two_contexts_at_once_do_not_mix() {
    let (telemetry, captured) = telemetry(LogFormat::Json);
    let _guard = telemetry.set_default();
    let work = |name: &'static str| {
        let work = async move {
            for _ in 0..100 {
                tracing::info!(name);
                tokio::task::yield_now().await;
            }
        };
        in_service(name.into(), arriving(name).scope(work))
    };
    let third = arriving("three").spawn(async { tracing::info!(name = "three") });
    let (.., joined) = tokio::join!(work("one"), work("two"), third);
    joined.unwrap();
    let lines = captured.json(&telemetry);
    assert_eq!(lines.len(), 201);
    assert_ne!(lines[0]["name"], lines[1]["name"], "they take turns");
    for line in lines {
        assert_eq!(line["name"], line["correlation_id"]);
        let service = if line["name"] == "three" {
            "shop".into()
        } else {
            line["name"].clone()
        };
        assert_eq!(line["service"], service);
    }
}

#[test]
fn text_is_one_readable_line() {
    let (telemetry, captured) = telemetry(LogFormat::Text);
    let _guard = telemetry.set_default();
    tracing::info!(
        route = "/users/{id}",
        status = 200,
        note = "two words",
        empty = "",
        "a\n\u{1b}[31m"
    );
    arriving("0190-abcdef12345678").sync_scope(|| tracing::error!("boom"));
    let expected = "23:12:45.123 INFO  a\\n\\u001b[31m route=/users/{id} status=200 note=\"two words\" empty=\"\"\n\
                    23:12:45.123 ERROR boom #12345678\n";
    assert_eq!(captured.text(&telemetry), expected);
}

#[tokio::test]
async fn text_names_the_service_where_it_is_not_the_process() {
    let (telemetry, captured) = telemetry(LogFormat::Text);
    let _guard = telemetry.set_default();
    in_service("user-service".into(), async { tracing::info!("a") }).await;
    in_service("shop".into(), async { tracing::info!("b") }).await;
    let expected = "23:12:45.123 INFO  user-service a\n23:12:45.123 INFO  b\n";
    assert_eq!(captured.text(&telemetry), expected);
}

#[test]
fn the_level_changes_at_run_time() {
    let (telemetry, captured) = telemetry(LogFormat::Json);
    let _guard = telemetry.set_default();
    let emit = |round: u64| {
        tracing::debug!(target: "shop", round, "debug");
        tracing::info!(target: "shop", round, "info");
        tracing::info!(target: "hyper::proto", round, "transport");
        tracing::error!(target: "shop", round, "error");
    };
    for (round, level) in (0..).zip(["info", "debug", "off", "error,hyper=info", "info"]) {
        telemetry.set_log_level(level.parse().unwrap());
        assert_eq!(telemetry.log_level().to_string(), level);
        emit(round);
    }
    let lines = captured.json(&telemetry);
    let seen: Vec<_> = lines
        .iter()
        .map(|line| format!("{} {}", line["round"], line["message"]))
        .collect();
    let expected = [
        "0 \"info\"",
        "0 \"error\"",
        "1 \"debug\"",
        "1 \"info\"",
        "1 \"error\"",
        "3 \"transport\"",
        "3 \"error\"",
        "4 \"info\"",
        "4 \"error\"",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn spans_cost_nothing_while_nobody_wants_them() {
    let (telemetry, captured) = telemetry(LogFormat::Json);
    let _guard = telemetry.set_default();
    telemetry.set_log_level("trace".parse().unwrap());
    let mut asked = false;
    let mut ask = || {
        asked = true;
        1
    };
    let span = tracing::error_span!("request", field = ask());
    assert!(span.is_disabled());
    span.in_scope(|| tracing::info!("inside"));
    assert!(!asked, "its fields are not even looked at");
    assert_eq!(captured.json(&telemetry).len(), 1);
}

/// Writes nothing until it is let.
struct Slow(mpsc::Receiver<()>, Captured);

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // It is let when the sender is dropped.
        let _ = self.0.recv();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn dropped(telemetry: &Telemetry) -> u64 {
    let rendered = telemetry.render_metrics();
    let series = "msf_log_lines_dropped_total{service=\"shop\"} ";
    let value = rendered.lines().find_map(|line| line.strip_prefix(series));
    value
        .unwrap_or_else(|| panic!("no counter in {rendered}"))
        .parse()
        .unwrap()
}

#[test]
fn a_slow_reader_costs_lines_not_time() {
    let (release, blocked) = mpsc::channel();
    let captured = Captured::default();
    let options = Options::new("shop")
        .format(LogFormat::Json)
        .buffer(64 * 1024);
    let telemetry = Telemetry::scoped(options.writer(Slow(blocked, captured.clone()))).unwrap();
    let _guard = telemetry.set_default();
    assert_eq!(
        dropped(&telemetry),
        0,
        "the counter is there before the first drop"
    );

    let began = Instant::now();
    for number in 0..5_000 {
        tracing::info!(number, "a line of a service whose log nobody reads");
    }
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    let lost = dropped(&telemetry);
    assert!(lost > 3_000, "{lost}");

    let began = Instant::now();
    assert!(!telemetry.flush(Duration::from_millis(50)), "it is stuck");
    assert!(began.elapsed() < Duration::from_secs(2), "flush is bounded");

    drop(release);
    let lines = captured.json(&telemetry);
    let is_notice = |line: &&Value| line["target"] == "msf::log";
    let missing = lines
        .iter()
        .filter(is_notice)
        .map(|line| line["dropped"].as_u64().unwrap());
    assert_eq!(missing.sum::<u64>(), lost);
    let written = lines.iter().filter(|line| !is_notice(line)).count();
    assert_eq!(
        written as u64 + lost,
        5_000,
        "each line was written or counted"
    );
    tracing::info!("and on");
    assert_eq!(
        captured.json(&telemetry).last().unwrap()["message"],
        "and on"
    );
    assert_eq!(dropped(&telemetry), lost);
}

struct Gone(Arc<AtomicBool>);

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_reader_that_went_away_costs_lines_and_the_thread_ends_with_its_telemetry() {
    let ended = Arc::new(AtomicBool::new(false));
    let options = Options::new("shop").writer(Gone(Arc::clone(&ended)));
    let telemetry = Telemetry::scoped(options).unwrap();
    {
        let _guard = telemetry.set_default();
        for _ in 0..10 {
            tracing::info!("lost");
            assert!(telemetry.flush(Duration::from_secs(5)));
        }
    }
    assert_eq!(dropped(&telemetry), 10);
    drop(telemetry);
    let began = Instant::now();
    while !ended.load(Ordering::SeqCst) {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "the thread goes on"
        );
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn metrics_render_with_help_buckets_and_service() {
    let (telemetry, _) = telemetry(LogFormat::Json);
    let _guard = telemetry.set_default();
    let work = async {
        metrics::counter!("msf_access_refused_total", "reason" => "forbidden").increment(2);
        metrics::histogram!("rpc_server_duration_seconds", "rpc_method" => "M").record(0.003);
        metrics::histogram!("answer_bytes").record(300.0);
        metrics::histogram!("batch").record(7.0);
    };
    in_service("user-service".into(), work).await;
    metrics::gauge!("msf_outbox_pending", "service" => "other").set(4.0);

    let rendered = telemetry.render_metrics();
    let expected = [
        "# HELP msf_access_refused_total Requests that an access rule refused, by reason.\n",
        "# TYPE msf_access_refused_total counter\n",
        "msf_access_refused_total{reason=\"forbidden\",service=\"user-service\"} 2\n",
        "# TYPE rpc_server_duration_seconds histogram\n",
        "rpc_server_duration_seconds_bucket{rpc_method=\"M\",service=\"user-service\",le=\"0.0025\"} 0\n",
        "rpc_server_duration_seconds_bucket{rpc_method=\"M\",service=\"user-service\",le=\"0.005\"} 1\n",
        "rpc_server_duration_seconds_count{rpc_method=\"M\",service=\"user-service\"} 1\n",
        "answer_bytes_bucket{service=\"user-service\",le=\"1024\"} 1\n",
        "batch_bucket{service=\"user-service\",le=\"10\"} 1\n",
        "msf_outbox_pending{service=\"other\"} 4\n",
        "msf_panics_total{service=\"shop\"} 0\n",
    ];
    for line in expected {
        assert!(rendered.contains(line), "{line} in\n{rendered}");
    }
    assert!(!rendered.contains("quantile"), "no summaries");
    let own = telemetry.render_metrics_of("user-service");
    assert!(own.contains("# HELP msf_access_refused_total") && own.contains("answer_bytes_sum"));
    assert!(
        !own.contains("other") && !own.contains("msf_panics_total"),
        "{own}"
    );
}

#[tokio::test]
async fn a_thousand_random_paths_make_no_new_series() {
    let (telemetry, captured) = telemetry(LogFormat::Json);
    let _guard = telemetry.set_default();
    let observe = ObserveLayer::new("shop")
        .matched(|extensions| Some(extensions.get::<MatchedPath>()?.as_str().to_owned()));
    let stack = ServiceBuilder::new()
        .layer(ContextLayer::new())
        .layer(observe);
    let unknown = stack.clone().service_fn(|_: http::Request<Body>| async {
        Ok::<_, Infallible>(
            http::Response::builder()
                .status(404)
                .body(Body::empty())
                .unwrap(),
        )
    });
    let app = axum::Router::new()
        .route("/users/{id}", get(|| async { "ana" }))
        .route_layer(stack)
        .fallback_service(unknown);
    let ask = async |path: String| {
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        drop(axum::body::to_bytes(answer.into_body(), 99).await.unwrap());
    };
    let series = || {
        telemetry
            .render_metrics()
            .lines()
            .filter(|line| line.contains("_count{"))
            .count()
    };
    ask("/users/1".to_owned()).await;
    ask("/nothing".to_owned()).await;
    assert_eq!(series(), 2);
    for number in 0..500_u64 {
        let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ask(format!("/users/{random:x}")).await;
        ask(format!("/{random:x}/{number}?q={random}")).await;
    }
    assert_eq!(series(), 2);
    let lines = captured.json(&telemetry);
    assert_eq!(lines.len(), 1002);
    for line in lines {
        assert!(
            line["route"] == "/users/{id}" || line["route"] == "unmatched",
            "{line}"
        );
        assert!(
            line["correlation_id"].is_string() && line["service"] == "shop",
            "{line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn upkeep_goes_on_until_it_is_dropped() {
    let (telemetry, _) = telemetry(LogFormat::Json);
    let _guard = telemetry.set_default();
    metrics::histogram!("work_seconds").record(0.1);
    assert!(
        tokio::time::timeout(Duration::from_secs(11), telemetry.upkeep())
            .await
            .is_err()
    );
    assert!(
        telemetry
            .render_metrics()
            .contains("work_seconds_count{service=\"shop\"} 1")
    );
}
