//! Started apps keep to themselves: clock, logs, metrics, principals, and an orderly end.

use std::time::{Duration, SystemTime};

use msf_core::access::Principal;
use msf_service::http::Routes;
use msf_service::{App, Boot, Rule};
use msf_testing::{FakeClock, Start, Started};

async fn app(boot: Boot<&'static str>) -> msf_service::Result<App> {
    let clock = boot.clock().clone();
    let word = boot.config;
    let time = async move || {
        let since = clock.now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs()).to_string()
    };
    let say = async move || {
        msf_service::tracing::info!(word, "said");
        word
    };
    let routes = Routes::new()
        .get("/time", Rule::public("for tests"), time)
        .get("/say", Rule::public("for tests"), say)
        .get("/admin", Rule::role("admin"), async || "come in");
    Ok(App::new().http(routes))
}

async fn start(name: &str, word: &'static str) -> Started {
    let started = Start::named(name).start(app, word).await;
    started.expect("it starts")
}

#[tokio::test]
async fn the_clock_that_a_test_sets_is_the_clock_of_the_app() {
    let clock = FakeClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(100));
    let started = Start::named("app").clock(&clock).start(app, "x").await;
    let started = started.expect("it starts");
    assert_eq!(started.get("/time").send().await.text(), "100");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(started.get("/time").send().await.text(), "3700");
    // Another app of the same test keeps the system's.
    let other = start("other", "x").await.get("/time").send().await.text();
    assert!(
        other.parse::<u64>().is_ok_and(|time| time > 1_000_000_000),
        "{other}"
    );
}

#[tokio::test]
async fn two_apps_of_one_test_do_not_mix_logs_and_metrics() {
    let (left, right) = (start("left", "one").await, start("right", "two").await);
    for _ in 0..3 {
        assert_eq!(left.get("/say").send().await.text(), "one");
    }
    assert_eq!(right.get("/say").send().await.text(), "two");

    let count = "http_server_request_duration_seconds_count";
    for (app, word, calls) in [(&left, "one", 3), (&right, "two", 1)] {
        let requests = app.requests();
        assert_eq!(requests.len(), calls, "{requests:?}");
        assert!(
            app.logs()
                .iter()
                .all(|line| line["service"] == app.running().name())
        );
        let said: Vec<_> = app
            .logs()
            .into_iter()
            .filter(|line| line["message"] == "said")
            .collect();
        assert_eq!(said.len(), calls, "{said:?}");
        assert!(said.iter().all(|line| line["word"] == word), "{said:?}");
        let counted = app.count(count, &[("http_route", "/say")]);
        assert_eq!(counted, u64::try_from(calls).expect("a small number"));
        let foreign = if word == "one" { "right" } else { "left" };
        assert!(!app.metrics().contains(&format!("service=\"{foreign}\"")));
    }
}

#[tokio::test]
async fn a_stop_cuts_nothing_and_closes_the_port() {
    let started = start("app", "x").await;
    assert_eq!(started.get("/say").send().await.status(), 200);
    let address = started.running().http();
    let stopped = started.stop().await;
    assert_eq!(stopped.cut, 0);
    assert!(stopped.unfinished.is_empty(), "{stopped:?}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_principals_of_one_app_are_refused_by_another() {
    let (left, right) = (start("left", "one").await, start("right", "two").await);
    let header = |app: &Started| {
        let call = app
            .get("/admin")
            .as_principal(&Principal::user("ana").with_role("admin"));
        format!("{call:?}")
    };
    // A test can only mint the header of the app that it calls; take it as it is sent.
    let text = header(&left);
    let value = text.split("\"authorization\": ").nth(1).expect("a header");
    let value = value
        .trim_start_matches('"')
        .split('"')
        .next()
        .expect("a value");
    let own = left
        .get("/admin")
        .header("authorization", value)
        .send()
        .await;
    assert_eq!(
        (own.status().as_u16(), own.text().as_str()),
        (200, "come in")
    );
    let foreign = right
        .get("/admin")
        .header("authorization", value)
        .send()
        .await;
    assert_eq!(foreign.status(), 401);
    assert_eq!(foreign.json::<serde_json::Value>()["code"], "test.refused");
    // Where no rule asks, nobody looks.
    let open = right
        .get("/say")
        .header("authorization", value)
        .send()
        .await;
    assert_eq!(open.status(), 200);
}

#[tokio::test]
async fn a_call_is_made_as_anybody() {
    let started = start("app", "x").await;
    let service = Principal::service("auth-service");
    for (call, status) in [
        (started.get("/admin"), 401),
        (started.get("/admin").as_user("bo", &["clerk"]), 403),
        (started.get("/admin").as_principal(&service), 403),
        (
            started.get("/admin").as_user("ana", &["clerk", "admin"]),
            200,
        ),
        (started.get("/admin").as_user("", &["admin"]), 401),
    ] {
        assert_eq!(call.send().await.status(), status);
    }
    let lines = started.requests();
    assert_eq!(lines.last().expect("a line")["status"], 401);
    assert_eq!(lines[3]["principal"], "ana");
}
