//! Two apps in one process: each with its own settings, health and label, one end for both.

mod process;

use std::time::Duration;

use msf_service::component::{Component, Life, Phase};
use msf_service::http::Routes;
use msf_service::settings::Settings;
use msf_service::tonic::client::GrpcService;
use msf_service::{App, Boot, BoxError, Exit, Host, Info, Rule, tracing};
use process::{Ended, Running, Start, address, ask, become_program, get, program};
use serde_json::Value;

/// The settings of both apps: each has its own value.
#[derive(Debug, Settings)]
struct Config {
    /// What it answers.
    #[setting(default = "nothing")]
    answer: String,
}

/// How a component of the users' app ends before it is asked to.
#[derive(Clone, Copy)]
enum Fate {
    Lives,
    Fails,
    Panics,
    Ends,
}

/// Ends when `/end` is asked for, in its own way; says when it was told to stop.
struct Relay {
    fate: Fate,
    now: std::sync::Arc<tokio::sync::Notify>,
}

impl Component for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }
    fn stops_in(&self) -> Phase {
        Phase::Messages
    }
    fn run(
        self: Box<Self>,
        life: Life,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>> {
        Box::pin(async move {
            tokio::select! {
                () = life.soft() => {
                    tracing::info!("the relay stops");
                    Ok(())
                }
                () = self.now.notified() => match self.fate {
                    Fate::Fails => Err("the cable is cut".into()),
                    Fate::Panics => panic!("the relay is on fire"),
                    Fate::Lives | Fate::Ends => Ok(()),
                },
            }
        })
    }
}

/// The app that is called.
fn users(boot: Boot<Config>, fate: Fate) -> App {
    let now = std::sync::Arc::new(tokio::sync::Notify::new());
    let end = std::sync::Arc::clone(&now);
    let answer = boot.config.answer;
    let routes = Routes::new()
        .get("/", Rule::public("a test"), async move || answer)
        .get("/end", Rule::public("a test"), async move || {
            end.notify_one();
        })
        .post("/test.Users/Get", Rule::public("a test"), async || {
            tracing::info!("the users are asked");
            ([("grpc-status", "0")], "users")
        });
    App::new().http(routes).component(Relay { fate, now })
}

/// The app that calls; it finishes a slow request when it stops.
async fn gateway(boot: Boot<Config>) -> msf_service::Result<App> {
    let users = boot.client("user-service")?;
    let answer = boot.config.answer;
    let call = async move || {
        let mut users = users.clone();
        let request = msf_service::axum::http::Request::post("/test.Users/Get")
            .header("content-type", "application/grpc")
            .body(msf_service::tonic::body::Body::empty())
            .unwrap();
        let answer = users.call(request).await;
        answer.map_or_else(
            |error| format!("failed: {error}"),
            |answer| {
                format!(
                    "{} {:?}",
                    answer.status(),
                    answer.headers().get("grpc-status")
                )
            },
        )
    };
    let later = call.clone();
    let routes = Routes::new()
        .get("/", Rule::public("a test"), async move || answer)
        .get("/call", Rule::public("a test"), call)
        .get("/call-later", Rule::public("a test"), async move || {
            tracing::info!("in hand");
            tokio::time::sleep(Duration::from_millis(300)).await;
            later().await
        });
    Ok(App::new().http(routes))
}

async fn broken(_: Boot<()>) -> msf_service::Result<App> {
    Err("the map is missing".into())
}

async fn panics(_: Boot<()>) -> msf_service::Result<App> {
    panic!("no app today")
}

async fn empty(_: Boot<()>) -> msf_service::Result<App> {
    Ok(App::new())
}

async fn lost(boot: Boot<()>) -> msf_service::Result<App> {
    boot.client("nobody")?;
    Ok(App::new())
}

const INFO: Info = Info::new("shop", "0.1.0");

/// Callee first: the order of the stop must not come from the order here.
fn pair(fate: Fate) -> Host {
    Host::new(INFO)
        .app("user-service", async move |boot| Ok(users(boot, fate)))
        .app("gateway", gateway)
}

#[test]
fn entry() {
    become_program(|name, arguments, variables| {
        let host = match name {
            "pair" => pair(Fate::Lives),
            "fails" => pair(Fate::Fails),
            "panics" => pair(Fate::Panics),
            "ends" => pair(Fate::Ends),
            "broken at start" => Host::new(INFO).app("fine", empty).app("broken", broken),
            "panics at start" => Host::new(INFO).app("fine", empty).app("panics", panics),
            "lost" => Host::new(INFO).app("fine", empty).app("lost", lost),
            "alone" => Host::alone(Info::new("user-service", "0.1.0"), async |boot| {
                Ok(users(boot, Fate::Lives))
            }),
            _ => return Exit::Usage,
        };
        host.run_with(arguments, variables)
    });
}

const FILE: &str = r#"
[shutdown]
grace = "2s"

[user-service]
answer = "the users' file"

[gateway]
answer = "the gateway's file"
"#;

fn with_file(name: &str) -> Start {
    program(name)
        .file("shop.toml", FILE)
        .args(["--config", "shop.toml"])
}

fn port(process: &Running, app: &str) -> std::net::SocketAddr {
    address(&process.ready["services"][app][0]["http"])
}

/// The app whose server stopped, in the order of the log.
fn stopped(ended: &Ended) -> Vec<String> {
    let lines = ended.logged("stopped serving");
    lines
        .iter()
        .map(|line| line["app"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_apps_each_with_its_own() {
    let mut process = with_file("pair")
        .env("GATEWAY__ANSWER", "the gateway's variable")
        .ready()
        .await;
    let (users, gateway) = (port(&process, "user-service"), port(&process, "gateway"));
    assert_eq!(
        process.http(),
        users,
        "the first app's port is the program's"
    );
    assert_ne!(users, gateway);
    assert_eq!(get(users, "/").await.1, "the users' file");
    assert_eq!(get(gateway, "/").await.1, "the gateway's variable");

    // A call in process: it carries the context, and no connection is opened for it.
    let header = "x-correlation-id: order-7\r\n";
    let (status, answer) = ask(gateway, "GET", "/call", header, "").await;
    assert_eq!((status, &*answer), (200, "200 OK Some(\"0\")"));

    let admin = process.admin();
    let (_, all) = get(admin, "/metrics").await;
    let (_, own) = get(admin, "/gateway/metrics").await;
    for service in ["gateway", "user-service"] {
        let label = format!("http_server_request_duration_seconds_count{{service=\"{service}\"");
        assert!(all.contains(&label), "{all}");
        assert_eq!(own.contains(&label), service == "gateway", "{own}");
        assert_eq!(get(admin, &format!("/{service}/readyz")).await.0, 200);
        let accept = "accept: text/plain\r\n";
        let page = ask(admin, "GET", &format!("/{service}/config"), accept, "")
            .await
            .1;
        println!("--- /{service}/config\n{page}");
        let source = if service == "gateway" {
            "answer = \"the gateway's variable\" # environment variable GATEWAY__ANSWER"
        } else {
            "answer = \"the users' file\" # shop.toml:6:10"
        };
        assert!(page.contains(source), "{page}");
    }
    assert!(
        all.contains("msf_connections_total{service=\"user-service\"} 1\n"),
        "{all}"
    );
    assert_eq!(get(admin, "/readyz").await.0, 200);
    assert_eq!(
        process.ready["services"]["gateway"][0]["admin"],
        format!("http://{admin}/gateway")
    );

    process.signal("TERM").await;
    let ended = process.ended().await;
    println!("{}", ended.stdout);
    assert_eq!(
        (ended.code, &stopped(&ended)[..]),
        (
            Some(0),
            &["gateway".to_owned(), "user-service".to_owned()][..]
        )
    );
    let asked = &ended.logged("the users are asked")[0];
    assert_eq!(
        (&asked["service"], &asked["correlation_id"]),
        (&"user-service".into(), &"order-7".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_app_alone_reads_the_same_variables() {
    let alone = program("alone")
        .env("USER_SERVICE__ANSWER", "variable")
        .ready()
        .await;
    let hosted = program("pair")
        .env("USER_SERVICE__ANSWER", "variable")
        .ready()
        .await;
    assert_eq!(get(alone.http(), "/").await.1, "variable");
    assert_eq!(get(port(&hosted, "user-service"), "/").await.1, "variable");
    assert_eq!(get(port(&hosted, "gateway"), "/").await.1, "nothing");
    assert_eq!(alone.ready.get("services"), None);
}

/// A request that is in hand at the signal still calls the other app, though that was told to stop as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_stop_before_those_they_call() {
    let mut process = with_file("pair").ready().await;
    let gateway = port(&process, "gateway");
    let in_hand = tokio::spawn(async move { get(gateway, "/call-later").await });
    process.logs("\"in hand\"").await;
    process.signal("TERM").await;
    assert_eq!(
        in_hand.await.unwrap(),
        (200, "200 OK Some(\"0\")".to_owned())
    );
    let ended = process.ended().await;
    let order: Vec<String> = ended
        .log()
        .iter()
        .map(|line| line["message"].as_str().unwrap_or_default().to_owned())
        .filter(|line| line.starts_with("the ") || line.starts_with("stop"))
        .collect();
    println!("{order:?}");
    // Messages stop for all apps at once, whoever waits for whom.
    let place = |message: &str| order.iter().position(|line| line == message);
    assert!(place("the relay stops") < place("stopped serving"));
    let (relay, calls): (Vec<String>, Vec<String>) = order
        .into_iter()
        .partition(|line| line == "the relay stops");
    assert_eq!(relay.len(), 1);
    assert_eq!(
        calls,
        [
            "stopping",
            "the users are asked",
            "stopped serving",
            "stopped serving",
            "stopped"
        ]
    );
    assert_eq!(
        (ended.code, &stopped(&ended)[..]),
        (
            Some(0),
            &["gateway".to_owned(), "user-service".to_owned()][..]
        )
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fails_and_the_other_stops_in_order() {
    for (name, why) in [
        (
            "fails",
            "error: `relay` of `user-service` failed: the cable is cut",
        ),
        (
            "panics",
            "error: `relay` of `user-service` failed: it panicked: the relay is on fire",
        ),
        (
            "ends",
            "error: `relay` of `user-service` failed: it ended although nobody had asked it to",
        ),
    ] {
        let mut process = with_file(name).ready().await;
        let (users, gateway) = (port(&process, "user-service"), port(&process, "gateway"));
        let in_hand = tokio::spawn(async move { get(gateway, "/call-later").await });
        process.logs("\"in hand\"").await;
        get(users, "/end").await;
        let answer = in_hand.await.unwrap();
        let ended = process.ended().await;
        println!(
            "{name}: exit code {:?}, {:?}, {}",
            ended.code,
            stopped(&ended),
            ended.stderr.lines().last().unwrap()
        );
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(
            ended.stderr.lines().any(|line| line == why),
            "{}",
            ended.stderr
        );
        assert_eq!(
            answer,
            (200, "200 OK Some(\"0\")".to_owned()),
            "what is in hand is finished"
        );
        assert_eq!(stopped(&ended), ["gateway", "user-service"]);
        let line = &ended.logged("a part failed; stopping")[0];
        assert_eq!(
            (&line["app"], &line["part"], &line["level"]),
            (&"user-service".into(), &"relay".into(), &"ERROR".into()),
            "{line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_cannot_start_is_named() {
    for (name, why) in [
        (
            "broken at start",
            "error: `broken` cannot start: the map is missing",
        ),
        (
            "panics at start",
            "error: `panics` cannot start: it panicked",
        ),
        ("lost", "error: `lost` cannot start: `lost` calls `nobody`"),
    ] {
        let ended = program(name)
            .args(["--listen", "127.0.0.1:0", "--ready-file", "ready.json"])
            .end()
            .await;
        println!(
            "{name}: exit code {:?}, {}",
            ended.code,
            ended.stderr.trim_end()
        );
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
        if name == "panics at start" {
            let line = &ended.log()[0];
            assert_eq!(line["message"], "panicked: no app today");
            assert!(
                line["location"]
                    .as_str()
                    .unwrap()
                    .contains("process_host.rs:"),
                "{line}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_of_all_apps_come_at_once() {
    let ended = program("pair")
        .file(
            "shop.toml",
            "[user-service]\nanswr = 1\n[gateway]\nanswer = 1\n[gatewy]\n",
        )
        .args(["--config", "shop.toml"])
        .end()
        .await;
    println!("{}", ended.stderr);
    assert_eq!(ended.code, Some(78));
    for word in [
        "`user-service.answr`",
        "shop.toml:2:1",
        "`gateway.answer`",
        "shop.toml:4:10",
        "`gatewy`",
        "3 mistakes",
    ] {
        assert!(ended.stderr.contains(word), "{word}");
    }
    let shown = program("pair")
        .args(["config", "--format", "json"])
        .end()
        .await;
    let list: Vec<Value> = serde_json::from_str(&shown.stdout).unwrap();
    let value = |key: &str| {
        list.iter()
            .find(|entry| entry["key"] == key)
            .map(|entry| entry["value"].clone())
    };
    assert_eq!(
        value("user-service.http.listen"),
        Some("127.0.0.1:8080".into())
    );
    assert_eq!(value("gateway.http.listen"), Some("127.0.0.1:0".into()));
    assert_eq!(value("admin.listen"), Some("127.0.0.1:9080".into()));
}
