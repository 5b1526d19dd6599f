//! What a real process writes: log lines to its standard output, one ready line to its standard error.

mod process;

use msf_service::http::Routes;
use msf_service::{App, Boot, Host, Info, Rule, tracing};
use process::{Start, ask, become_program, exchange, get, program};
use serde_json::Value;

async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let all = || Rule::public("a test");
    let routes = Routes::new()
        .get("/", all(), async || {
            tracing::debug!("in detail");
            "hello"
        })
        .get("/escape", all(), async || {
            tracing::info!(text = "\u{1b}[31mred\u{1b}[0m", "two\nlines");
        })
        .get("/panic/{id}", all(), panics);
    Ok(App::new().http(routes))
}

async fn panics() -> &'static str {
    let secrets: Vec<u8> = Vec::new();
    assert!(!secrets.is_empty(), "the internals of the vault");
    "never"
}

#[test]
fn entry() {
    become_program(|_, arguments, variables| {
        Host::alone(Info::new("scribe", "0.1.0"), app).run_with(arguments, variables)
    });
}

fn scribe() -> Start {
    program("scribe").args(["--set", "shutdown.grace=2s"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_gets_one_json_object_a_line() {
    let mut process = scribe().ready().await;
    let header = "x-correlation-id: order-7\r\n";
    let (status, head, _) = exchange(process.http(), "GET", "/?token=t0p", header, "").await;
    assert_eq!(status, 200);
    assert!(head.contains("x-correlation-id: order-7"), "{head}");
    get(process.http(), "/escape").await;
    get(process.http(), "/nothing/raw-path").await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    println!("{}{}", ended.stdout, ended.stderr);

    let lines = ended.log();
    assert!(lines.iter().all(Value::is_object));
    assert!(lines.len() >= 6, "{lines:?}");
    assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
    let requests = ended.logged("request");
    assert_eq!(requests[0]["correlation_id"], "order-7");
    assert_eq!(requests[0]["route"], "/");
    assert_eq!(requests[2]["route"], "unmatched");
    assert!(!ended.stdout.contains("raw-path") && !ended.stdout.contains("t0p"));
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["message"], &last["level"]),
        (&"stopped".into(), &"INFO".into())
    );

    // Standard error has the ready line and nothing else.
    let stderr: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(stderr.len(), 1, "{stderr:?}");
    let ready: Value = serde_json::from_str(stderr[0]).unwrap();
    assert!(
        ready["ready"]["http"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert!(
        ready["try"][0]
            .as_str()
            .unwrap()
            .starts_with("curl http://127.0.0.1:"),
        "{ready}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_a_500_and_one_line_with_its_place() {
    let mut process = scribe().ready().await;
    let header = "x-correlation-id: order-8\r\n";
    let (status, head, body) = exchange(process.http(), "GET", "/panic/7", header, "").await;
    println!("{head}\n\n{body}");
    assert_eq!(status, 500);
    assert!(
        head.contains("content-type: application/problem+json"),
        "{head}"
    );
    assert!(head.contains("x-correlation-id: order-8"), "{head}");
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["correlation_id"], "order-8");
    for internal in ["vault", "internals", "process_logs", "panic"] {
        assert!(!body.contains(internal), "{internal}: {body}");
    }
    assert_eq!(get(process.http(), "/").await, (200, "hello".to_owned()));

    process.signal("TERM").await;
    let ended = process.ended().await;
    let panic = ended.logged("panicked: the internals of the vault");
    println!("{panic:#?}");
    assert_eq!(panic.len(), 1, "{}", ended.stdout);
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    assert_eq!(text(&panic[0], "level"), "ERROR");
    assert_eq!(text(&panic[0], "correlation_id"), "order-8");
    assert!(text(&panic[0], "location").contains("process_logs.rs:"));
    let request = &ended.logged("request")[0];
    assert_eq!(request["status"], 500);
    assert_eq!(text(request, "correlation_id"), "order-8");
    let errors = ended
        .log()
        .into_iter()
        .filter(|line| line["level"] == "ERROR");
    assert_eq!(
        errors.count(),
        2,
        "the panic and its request: {}",
        ended.stdout
    );
    assert_eq!(ended.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_level_changes_while_it_runs() {
    let mut process = scribe().ready().await;
    let (main, admin) = (process.http(), process.admin());
    let accept = "accept: text/plain\r\n";
    assert_eq!(
        ask(admin, "GET", "/log-level", accept, "").await,
        (200, "info\n".to_owned())
    );
    get(main, "/").await;
    assert_eq!(
        ask(admin, "PUT", "/log-level", accept, "debug").await,
        (200, "debug\n".to_owned())
    );
    get(main, "/").await;
    process.logs("in detail").await;
    let (status, why) = ask(admin, "PUT", "/log-level", "", "loud").await;
    println!("PUT loud: {status} {why}");
    assert_eq!(status, 400);
    assert_eq!(ask(admin, "PUT", "/log-level", accept, "warn").await.0, 200);
    get(main, "/").await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    assert_eq!(ended.logged("in detail").len(), 1, "{}", ended.stdout);
    assert_eq!(ended.logged("request").len(), 2, "{}", ended.stdout);
    assert_eq!(ended.logged("log level changes").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_on_a_pipe_has_no_colour() {
    for no_colour in [false, true] {
        let mut start = scribe()
            .args(["--set", "log.format=text"])
            .env("TERM", "xterm-256color");
        if no_colour {
            start = start.env("NO_COLOR", "1");
        }
        let mut process = start.ready().await;
        get(process.http(), "/escape").await;
        process.signal("INT").await;
        let ended = process.ended().await;
        println!("{}", ended.stdout);
        assert_eq!(ended.code, Some(0));
        assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
        assert!(
            ended.stdout.contains("/escape") && ended.stdout.contains("SIGINT"),
            "{}",
            ended.stdout
        );
        let digit = |line: &str| line.starts_with(|first: char| first.is_ascii_digit());
        assert!(ended.stdout.lines().all(digit), "{}", ended.stdout);
    }
}

/// Nobody reads the log any more: the process serves on, and ends as it should.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_stops_nothing() {
    let mut process = scribe().ready().await;
    process.close_stdout().await;
    for _ in 0..50 {
        assert_eq!(get(process.http(), "/").await.0, 200);
    }
    process.signal("TERM").await;
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
