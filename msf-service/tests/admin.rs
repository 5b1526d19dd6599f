//! The admin port: every page of one app and of several, and what it refuses.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::response::IntoResponse;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, LOCATION, ORIGIN};
use http::{HeaderMap, Method, Request, StatusCode};
use msf_core::component::AdminPage;
use msf_core::health::{Check, Health, State};
use msf_core::observe::in_service;
use msf_service::admin::{self, AdminApp, Document};
use msf_service::telemetry::{Options, Telemetry};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The code of the problem, which must be one.
    fn code(&self) -> String {
        assert_eq!(
            self.headers[CONTENT_TYPE], "application/problem+json",
            "{}",
            self.text
        );
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

async fn send(router: &Router, request: Request<Body>) -> Answered {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().into()).unwrap();
    assert_eq!(parts.headers[CACHE_CONTROL], "no-store");
    Answered {
        status: parts.status,
        headers: parts.headers,
        text,
    }
}

async fn fetch(router: &Router, path: &str) -> Answered {
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn fetch_json(router: &Router, path: &str) -> Answered {
    let request = Request::get(path).header(ACCEPT, "text/html;q=0.1, application/json");
    send(router, request.body(Body::empty()).unwrap()).await
}

async fn put(router: &Router, body: impl Into<Body>) -> Answered {
    send(
        router,
        Request::put("/log-level").body(body.into()).unwrap(),
    )
    .await
}

fn telemetry() -> Telemetry {
    Telemetry::scoped(Options::new("shop").writer(io::sink())).unwrap()
}

fn app(name: &str) -> (AdminApp, Health) {
    let health = Health::new();
    let settings = Document::new(
        format!("name = \"{name}\"\n"),
        json!([{ "key": "name", "value": name }]),
    );
    let row =
        json!({ "service": name, "kind": "route", "method": "GET", "path": "/", "rule": "public" });
    let access = Document::new(format!("{name}  GET  /  public\n"), json!([row]));
    let page = AdminPage::new("/lag", "lag of <each>", |request| async move {
        let rest = request.uri().path().to_owned();
        assert_ne!(rest, "/lag/panic", "as asked for");
        format!("{} {rest}", request.method()).into_response()
    });
    (
        AdminApp::new(name, health.clone())
            .settings(settings)
            .access(access)
            .pages([page]),
        health,
    )
}

fn one() -> (Router, Health, Telemetry) {
    let ((app, health), telemetry) = (app("hello"), telemetry());
    (
        admin::router("hello", [app], telemetry.clone()).unwrap(),
        health,
        telemetry,
    )
}

fn two() -> (Router, [Health; 2], Telemetry) {
    let ((users, first), (mail, second), telemetry) =
        (app("user-service"), app("email-service"), telemetry());
    (
        admin::router("shop", [users, mail], telemetry.clone()).unwrap(),
        [first, second],
        telemetry,
    )
}

#[tokio::test]
async fn probes_of_one_app_through_its_states() {
    let (router, health, _) = one();
    health.add(Check::new("db", || async { Err::<(), _>("refused by db-7") }).optional());
    let codes = async || {
        let mut codes = Vec::new();
        for path in ["/livez", "/startupz", "/readyz", "/healthz"] {
            codes.push(fetch(&router, path).await.status.as_u16());
        }
        codes
    };
    assert_eq!(codes().await, [200, 503, 503, 503]);
    health.set_state(State::Ready);
    assert_eq!(codes().await, [200, 200, 200, 200]);
    let report = fetch(&router, "/healthz").await.json();
    assert_eq!(report["status"], "DEGRADED");
    assert_eq!(
        report["checks"][0]["message"], "refused by db-7",
        "operators see it"
    );
    health.set_state(State::Draining);
    assert_eq!(codes().await, [200, 200, 503, 503]);
    health.set_state(State::Stopped);
    assert_eq!(codes().await, [503, 200, 503, 503]);
}

#[tokio::test]
async fn the_root_is_ready_when_all_apps_are() {
    let (router, [users, mail], _) = two();
    users.set_state(State::Ready);
    assert_eq!(fetch(&router, "/user-service/readyz").await.status, 200);
    assert_eq!(fetch(&router, "/email-service/readyz").await.status, 503);
    let sum = fetch(&router, "/readyz").await;
    assert_eq!(sum.status, 503);
    assert_eq!(sum.json()["apps"]["user-service"]["status"], "OK");
    assert_eq!(sum.json()["apps"]["email-service"]["state"], "starting");
    mail.set_state(State::Ready);
    assert_eq!(fetch(&router, "/readyz").await.status, 200);
    assert_eq!(fetch(&router, "/healthz").await.json()["status"], "OK");
    mail.add(Check::new("smtp", || async { Err::<(), _>("down") }).optional());
    assert_eq!(
        fetch(&router, "/healthz").await.json()["status"],
        "DEGRADED"
    );
    users.set_state(State::Stopped);
    assert_eq!(fetch(&router, "/livez").await.status, 503);
}

#[tokio::test]
async fn metrics_of_all_and_of_one() {
    let (router, _, telemetry) = two();
    let guard = telemetry.set_default();
    for name in ["user-service", "email-service"] {
        in_service(name.into(), async {
            metrics::counter!("work_total").increment(1);
        })
        .await;
    }
    drop(guard);
    let all = fetch(&router, "/metrics").await;
    assert_eq!(
        all.headers[CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    for name in ["user-service", "email-service"] {
        let series = format!("work_total{{service=\"{name}\"}} 1\n");
        assert!(all.text.contains(&series), "{}", all.text);
        let own = fetch(&router, &format!("/{name}/metrics")).await.text;
        assert_eq!(own, format!("# TYPE work_total counter\n{series}"));
    }
}

#[tokio::test]
async fn settings_and_rules_as_text_and_as_json() {
    let (router, ..) = one();
    let text = fetch(&router, "/config").await;
    assert_eq!(
        (&*text.text, &text.headers[CONTENT_TYPE]),
        (
            "name = \"hello\"\n",
            &"text/plain; charset=utf-8".parse().unwrap()
        )
    );
    assert_eq!(
        fetch_json(&router, "/config").await.json()[0]["value"],
        "hello"
    );
    assert_eq!(
        fetch(&router, "/config?format=json").await.json()[0]["value"],
        "hello"
    );
    assert!(
        fetch_json(&router, "/config?format=text")
            .await
            .text
            .starts_with("name")
    );
    assert_eq!(
        fetch(&router, "/access?a=b&format=json").await.json()[0]["rule"],
        "public"
    );
    let refused = Request::get("/access")
        .header(ACCEPT, "application/json;q=0")
        .body(Body::empty());
    assert_eq!(
        send(&router, refused.unwrap()).await.text,
        "hello  GET  /  public\n"
    );
    let wrong = fetch(&router, "/access?format=xml").await;
    assert_eq!(
        (wrong.status, &*wrong.code()),
        (StatusCode::BAD_REQUEST, "admin.format")
    );

    let (router, ..) = two();
    let config = fetch(&router, "/config").await.text;
    assert_eq!(
        config,
        "# user-service\n\nname = \"user-service\"\n\n# email-service\n\nname = \"email-service\"\n"
    );
    let config = fetch_json(&router, "/config").await.json();
    assert_eq!(config["email-service"][0]["value"], "email-service");
    assert_eq!(
        fetch_json(&router, "/user-service/config").await.json()[0]["value"],
        "user-service"
    );
    let rules = fetch_json(&router, "/access").await.json();
    assert_eq!(rules.as_array().unwrap().len(), 2);
    assert_eq!(rules[1]["service"], "email-service");
    assert_eq!(
        fetch(&router, "/email-service/access").await.text,
        "email-service  GET  /  public\n"
    );
}

#[tokio::test]
async fn the_log_level_is_read_and_changed() {
    let (router, _, telemetry) = one();
    assert_eq!(fetch(&router, "/log-level").await.text, "info\n");
    let changed = put(&router, " debug,hyper=trace\n").await;
    assert_eq!(
        (changed.status, &*changed.text),
        (StatusCode::OK, "debug,hyper=trace\n")
    );
    assert_eq!(telemetry.log_level().to_string(), "debug,hyper=trace");
    assert_eq!(
        fetch_json(&router, "/log-level").await.json(),
        json!({ "level": "debug,hyper=trace" })
    );

    let wrong = put(&router, "debug,hyper=loud").await;
    assert_eq!(
        (wrong.status, &*wrong.code()),
        (StatusCode::BAD_REQUEST, "log_level.invalid")
    );
    let detail = wrong.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with(
        "`hyper=loud` is not a level: expected one of off, error, warn, info, debug, trace"
    ));
    for body in [&b"\xff\xfe"[..], b"", b"{\"level\":\"info\"}"] {
        assert_eq!(put(&router, body).await.code(), "log_level.invalid");
    }
    assert_eq!(
        telemetry.log_level().to_string(),
        "debug,hyper=trace",
        "a mistake changes nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn bodies_are_bounded_in_size_and_time() {
    let (router, ..) = one();
    let large = put(&router, "x".repeat(100_000)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let never = futures_util::stream::pending::<io::Result<Bytes>>();
    let began = tokio::time::Instant::now();
    let slow = put(&router, Body::from_stream(never)).await;
    assert_eq!(slow.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(began.elapsed() < Duration::from_secs(6));

    let reads = AdminPage::new("/reads", "", |request| async {
        to_bytes(request.into_body(), usize::MAX)
            .await
            .map_or("too large", |_| "read")
            .into_response()
    });
    let app = AdminApp::new("hello", Health::new()).pages([reads]);
    let router = admin::router("hello", [app], telemetry()).unwrap();
    let post = |size| {
        Request::post("/reads")
            .body(Body::from(vec![0; size]))
            .unwrap()
    };
    assert_eq!(send(&router, post(64 * 1024)).await.text, "read");
    assert_eq!(send(&router, post(64 * 1024 + 1)).await.text, "too large");
}

/// Its name led to the attacker first and leads to this port now, so the browser takes both for one site.
#[tokio::test]
async fn a_site_whose_name_was_turned_to_this_port_changes_nothing() {
    let (router, _, telemetry) = one();
    let from = |host: &str| {
        Request::put("/log-level")
            .header(HOST, host)
            .header(ORIGIN, format!("http://{host}"))
            .body(Body::from("debug"))
            .unwrap()
    };
    for host in [
        "evil.example:9080",
        "evil.example",
        "127.0.0.1.evil.example:9080",
    ] {
        let refused = send(&router, from(host)).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (StatusCode::FORBIDDEN, "admin.other_site"),
            "{host}"
        );
    }
    assert_eq!(telemetry.log_level().to_string(), "info");
    for host in ["localhost:9080", "127.0.0.1", "[::1]:9080", "10.0.0.7:9080"] {
        assert_eq!(send(&router, from(host)).await.text, "debug\n", "{host}");
    }
}

#[tokio::test]
async fn another_site_changes_nothing() {
    let (router, _, telemetry) = one();
    let from = |method, origin: &str| {
        let request = Request::builder()
            .method(method)
            .uri("/log-level")
            .header(HOST, "127.0.0.1:9080");
        request
            .header(ORIGIN, origin)
            .body(Body::from("debug"))
            .unwrap()
    };
    for origin in ["https://evil.example", "null", "http://127.0.0.1:8080"] {
        let refused = send(&router, from(Method::PUT, origin)).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (StatusCode::FORBIDDEN, "admin.other_site")
        );
    }
    assert_eq!(telemetry.log_level().to_string(), "info");
    assert_eq!(
        send(&router, from(Method::GET, "https://evil.example"))
            .await
            .status,
        200
    );
    assert_eq!(
        send(&router, from(Method::PUT, "http://127.0.0.1:9080"))
            .await
            .text,
        "debug\n"
    );
}

#[tokio::test]
async fn pages_of_components_own_what_is_below_them() {
    let (router, ..) = two();
    assert_eq!(fetch(&router, "/user-service/lag").await.text, "GET /lag");
    assert_eq!(
        fetch(&router, "/user-service/lag/17/x").await.text,
        "GET /lag/17/x"
    );
    let post = Request::post("/email-service/lag/17")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&router, post).await.text, "POST /lag/17");
    assert_eq!(fetch(&router, "/lag").await.code(), "not_found");
    let panicked = fetch(&router, "/user-service/lag/panic").await;
    assert_eq!(panicked.status, StatusCode::INTERNAL_SERVER_ERROR);
    let (router, ..) = one();
    assert_eq!(fetch(&router, "/lag/17").await.text, "GET /lag/17");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let (router, ..) = two();
    for path in [
        "/nothing",
        "/user-service/nothing",
        "/Livez",
        "/livez/",
        "/user-service/log-level",
        "//livez",
    ] {
        let missing = fetch(&router, path).await;
        assert_eq!(
            (missing.status, &*missing.code()),
            (StatusCode::NOT_FOUND, "not_found"),
            "{path}"
        );
    }
    for path in ["/metrics", "/log-level", "/user-service/config"] {
        let post = Request::post(path).body(Body::empty()).unwrap();
        let answer = send(&router, post).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.code(), "method_not_allowed");
        assert!(
            answer.headers[ALLOW]
                .to_str()
                .unwrap()
                .starts_with("GET,HEAD"),
            "{:?}",
            answer.headers
        );
    }
    let head = Request::head("/metrics").body(Body::empty()).unwrap();
    assert_eq!(send(&router, head).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_link_of_the_index_leads_somewhere() {
    let (router, health, _) = one();
    health.set_state(State::Ready);
    let (shop, both, _) = two();
    for health in both {
        health.set_state(State::Ready);
    }
    for (router, base) in [(&router, "/"), (&shop, "/"), (&shop, "/user-service/")] {
        let index = fetch(router, base).await;
        assert!(
            index.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
        assert!(
            !index.text.contains("<script") && !index.text.contains("http"),
            "{}",
            index.text
        );
        let links: Vec<_> = index
            .text
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(links.len() >= 8, "{links:?}");
        for link in links {
            let path = if link == "../" {
                "/".to_owned()
            } else {
                format!("{base}{link}")
            };
            assert_eq!(fetch(router, &path).await.status, StatusCode::OK, "{path}");
        }
    }
    assert!(
        fetch(&router, "/")
            .await
            .text
            .contains("lag of &lt;each&gt;")
    );
    assert!(fetch(&shop, "/").await.text.contains("<em>Ready</em>"));
    let bare = fetch(&shop, "/user-service").await;
    assert_eq!(
        (bare.status.as_u16(), &bare.headers[LOCATION]),
        (308, &"/user-service/".parse().unwrap())
    );
}

#[test]
fn what_cannot_be_a_path_is_refused_by_name() {
    let page = |path: &str| AdminPage::new(path, "", |_| async { "".into_response() });
    let with = |name: &str, pages: Vec<AdminPage>| AdminApp::new(name, Health::new()).pages(pages);
    let refused = |apps: Vec<AdminApp>| {
        admin::router("shop", apps, telemetry())
            .unwrap_err()
            .to_string()
    };
    for path in [
        "/metrics",
        "/livez",
        "/{id}",
        "/a/b",
        "/",
        "",
        "/*rest",
        "/a b",
        "/..",
        "/log-level",
    ] {
        let error = refused(vec![with("a", vec![page(path)])]);
        assert!(
            error.contains(&format!("`{}`", path.strip_prefix('/').unwrap_or(path))),
            "{error}"
        );
    }
    assert!(refused(vec![with("a", vec![page("/x"), page("/x")])]).contains("the page `x`"));
    for name in ["", "a/b", "metrics", "{x}", "b"] {
        let error = refused(vec![with("b", vec![]), with(name, vec![])]);
        assert!(error.contains(&format!("the app `{name}`")), "{error}");
    }
}
