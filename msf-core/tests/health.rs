//! Health: states, checks under every kind of failure, and the answers of the probes.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum_core::response::IntoResponse;
use futures_util::future::join_all;
use msf_core::BoxError;
use msf_core::health::{Audience, Check, Health, Probe, State, Status};
use tokio::time::{Instant, sleep};

const STATES: [State; 4] = [
    State::Starting,
    State::Ready,
    State::Draining,
    State::Stopped,
];

fn passing(name: &'static str) -> Check {
    Check::new(name, || async { Ok::<(), BoxError>(()) })
}

fn failing(name: &'static str) -> Check {
    Check::new(name, || async {
        Err::<(), _>("connection refused by db-7.internal")
    })
}

fn ready(checks: impl IntoIterator<Item = Check>) -> Health {
    let health = Health::new();
    checks.into_iter().for_each(|check| health.add(check));
    health.set_state(State::Ready);
    health
}

/// A check that takes a second and counts how often it ran.
fn counting() -> (Arc<AtomicUsize>, Check) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let check = Check::new("slow", move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async {
            sleep(Duration::from_secs(1)).await;
            Ok::<(), BoxError>(())
        }
    });
    (
        runs,
        check
            .timeout(Duration::from_secs(3))
            .cache(Duration::from_secs(5)),
    )
}

#[tokio::test]
async fn the_state_only_moves_forward() {
    for from in STATES {
        for to in STATES {
            let health = Health::new();
            health.set_state(from);
            let mut watch = health.watch();
            watch.mark_unchanged();
            health.set_state(to);
            assert_eq!(health.state(), from.max(to));
            assert_eq!(
                watch.has_changed().unwrap(),
                to > from,
                "{from:?} to {to:?}"
            );
        }
    }
}

#[tokio::test]
async fn probes_in_each_state() {
    let expected = [
        (State::Starting, [200, 503, 503, 503]),
        (State::Ready, [200, 200, 200, 200]),
        (State::Draining, [200, 200, 503, 503]),
        (State::Stopped, [503, 200, 503, 503]),
    ];
    for (state, codes) in expected {
        let health = Health::new();
        health.add(passing("db"));
        health.set_state(state);
        for (probe, code) in Probe::ALL.into_iter().zip(codes) {
            let answer = probe.answer(&health, Audience::Operators).await;
            assert_eq!(answer.status, code, "{probe:?} in {state:?}");
            assert_eq!(answer.body["state"], serde_json::json!(state));
            assert_eq!(
                answer.body["status"] == "OK",
                code == 200,
                "{probe:?} in {state:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_failed_required_check_ends_readiness_and_nothing_else() {
    let health = ready([passing("db"), failing("queue")]);
    assert!(health.is_live() && health.is_started());
    assert!(!health.is_ready().await);
    let report = health.report().await;
    assert_eq!(report.status, Status::Unavailable);
    assert_eq!(report.checks[0].status, Status::Ok);
    assert_eq!(
        report.checks[1].message.as_deref(),
        Some("connection refused by db-7.internal")
    );
}

#[tokio::test]
async fn a_failed_optional_check_only_degrades() {
    let health = ready([passing("db"), failing("cache").optional()]);
    assert!(health.is_ready().await);
    let answer = Probe::Health.answer(&health, Audience::Operators).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["status"], "DEGRADED");
    assert_eq!(answer.body["checks"][1]["status"], "DEGRADED");
    assert_eq!(answer.body["checks"][1]["required"], false);
}

#[tokio::test]
async fn callers_do_not_see_messages() {
    let health = ready([failing("queue")]);
    let answer = Probe::Health.answer(&health, Audience::Callers).await;
    assert!(
        !answer.body.to_string().contains("internal"),
        "{}",
        answer.body
    );
    assert_eq!(answer.body["checks"][0]["name"], "queue");
    let response = answer.into_response();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_check_fails_at_its_timeout() {
    let check =
        Check::new("hangs", pending::<Result<(), BoxError>>).timeout(Duration::from_secs(2));
    let health = ready([passing("db"), check]);
    let began = Instant::now();
    let report = health.report().await;
    assert_eq!(began.elapsed().as_millis() / 10, 200);
    assert_eq!(
        report.checks[1].message.as_deref(),
        Some("no answer within 2s")
    );
    assert!(report.checks[1].duration_ms >= 2000);
}

#[tokio::test]
async fn a_panicking_check_is_a_failed_check() {
    let in_the_future = Check::new("a", || async {
        panic!("boom {}", 1) as Result<(), BoxError>
    });
    let at_once = Check::new("b", || -> std::future::Ready<Result<(), BoxError>> {
        panic!("bang")
    });
    let health = ready([in_the_future, at_once]);
    for _ in 0..2 {
        let report = health.report().await;
        assert_eq!(
            report.checks[0].message.as_deref(),
            Some("panicked: boom 1")
        );
        assert_eq!(report.checks[1].message.as_deref(), Some("panicked: bang"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_blocks_its_thread_still_times_out() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = std::sync::Mutex::new(blocked);
    let check = Check::new("blocks", move || {
        counter.fetch_add(1, Ordering::SeqCst);
        let _ = blocked.lock().unwrap().recv();
        async { Ok::<(), BoxError>(()) }
    });
    let health = ready([check
        .timeout(Duration::from_millis(50))
        .cache(Duration::ZERO)]);
    let began = Instant::now();
    for _ in 0..3 {
        let report = health.report().await;
        assert_eq!(
            report.checks[0].message.as_deref(),
            Some("no answer within 50ms")
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "the timer of the waiting report counts"
    );
    assert_eq!(runs.load(Ordering::SeqCst), 1, "only one thread is stuck");
    drop(release);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_probes_runs_a_check_once() {
    let (runs, check) = counting();
    let health = ready([check]);
    let storm = || join_all((0..1000).map(|_| health.report()));
    assert!(
        storm()
            .await
            .iter()
            .all(|report| report.status == Status::Ok)
    );
    assert_eq!(runs.load(Ordering::SeqCst), 1);

    sleep(Duration::from_millis(4900)).await;
    storm().await;
    assert_eq!(runs.load(Ordering::SeqCst), 1, "the result is still good");

    sleep(Duration::from_millis(200)).await;
    storm().await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_report_does_not_waste_its_run() {
    let (runs, check) = counting();
    let health = ready([check]);
    let impatient = tokio::time::timeout(Duration::from_millis(500), health.report()).await;
    assert!(impatient.is_err());

    let began = Instant::now();
    assert!(health.is_ready().await);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert!(
        began.elapsed() < Duration::from_millis(600),
        "it joined the run under way"
    );
}

#[tokio::test(start_paused = true)]
async fn checks_run_side_by_side() {
    let health = ready((0..10).map(|_| counting().1));
    let began = Instant::now();
    assert_eq!(health.report().await.checks.len(), 10);
    assert!(began.elapsed() < Duration::from_millis(1100));
}

#[tokio::test]
async fn readiness_asks_nothing_while_draining() {
    let (runs, check) = counting();
    let health = ready([check]);
    health.set_state(State::Draining);
    assert!(!health.is_ready().await);
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_check_recovers() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let check = Check::new("db", move || {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        async move { if first { Err("down") } else { Ok(()) } }
    });
    let health = ready([check.cache(Duration::ZERO)]);
    assert!(!health.is_ready().await);
    assert!(health.is_ready().await);
}

#[test]
fn a_run_that_went_down_with_its_runtime_is_run_again() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let (_, check) = counting();
    let health = ready([check]);
    let first = runtime();
    first.block_on(async {
        let _ = tokio::time::timeout(Duration::from_millis(10), health.report()).await;
    });
    drop(first);
    assert!(runtime().block_on(health.is_ready()));
}
