//! gRPC health follows the state of the service and its required checks; time stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use msf_core::BoxError;
use msf_core::health::{Check, Health, State};
use msf_service::grpc::{Guarded, HealthService, health_service};
use tokio::time::Instant;
use tonic::{Code, Status, Streaming};
use tonic_health::pb::health_check_response::ServingStatus::{
    self, NotServing, ServiceUnknown, Serving,
};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

const GREETER: &str = "hello.v1.Greeter";

type Client = HealthClient<Guarded<HealthServer<HealthService>>>;

fn client(health: &Health) -> Client {
    HealthClient::new(health_service(health.clone(), [GREETER]))
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

async fn check(client: &mut Client, service: &str) -> Result<ServingStatus, Status> {
    let answer = client.check(about(service)).await?;
    Ok(answer.into_inner().status())
}

async fn watch(client: &mut Client, service: &str) -> Streaming<HealthCheckResponse> {
    let answer = client.watch(about(service)).await;
    answer.expect("everybody may watch").into_inner()
}

/// The next status, and how long it took.
async fn next(stream: &mut Streaming<HealthCheckResponse>) -> (Option<ServingStatus>, Duration) {
    let start = Instant::now();
    let answer = stream.message().await.expect("a stream without an error");
    (answer.map(|answer| answer.status()), start.elapsed())
}

/// A check that a test turns on and off.
fn switch(health: &Health, optional: bool) -> Arc<AtomicBool> {
    let works = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&works);
    let check = Check::new("store", move || {
        let works = seen.load(Ordering::SeqCst);
        async move {
            if works {
                Ok::<(), BoxError>(())
            } else {
                Err("gone".into())
            }
        }
    });
    let check = check.cache(Duration::ZERO);
    health.add(if optional { check.optional() } else { check });
    works
}

#[tokio::test(start_paused = true)]
async fn a_check_follows_the_state() -> Result<(), Status> {
    let health = Health::new();
    let mut client = client(&health);
    for service in ["", GREETER, "grpc.health.v1.Health"] {
        assert_eq!(check(&mut client, service).await?, NotServing, "starting");
    }
    health.set_state(State::Ready);
    for service in ["", GREETER, "grpc.health.v1.Health"] {
        assert_eq!(check(&mut client, service).await?, Serving, "ready");
    }
    for state in [State::Draining, State::Stopped] {
        health.set_state(state);
        assert_eq!(check(&mut client, GREETER).await?, NotServing, "{state:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_required_check_counts_and_an_optional_one_does_not() -> Result<(), Status> {
    let health = Health::new();
    health.set_state(State::Ready);
    let (store, cache) = (switch(&health, false), switch(&health, true));
    let mut client = client(&health);
    cache.store(false, Ordering::SeqCst);
    assert_eq!(check(&mut client, GREETER).await?, Serving);
    store.store(false, Ordering::SeqCst);
    assert_eq!(check(&mut client, GREETER).await?, NotServing);
    store.store(true, Ordering::SeqCst);
    assert_eq!(check(&mut client, GREETER).await?, Serving);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_unknown_service_is_not_found() {
    let mut client = client(&Health::new());
    let refusal = check(&mut client, "hello.v1.Nobody").await;
    let refusal = refusal.expect_err("no such service");
    assert_eq!(refusal.code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_the_status_and_each_change() {
    let health = Health::new();
    let store = switch(&health, false);
    let mut client = client(&health);
    let mut stream = watch(&mut client, GREETER).await;
    assert_eq!(next(&mut stream).await, (Some(NotServing), Duration::ZERO));

    let moved = health.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        moved.set_state(State::Ready);
    });
    // At once, not with the next look at the checks.
    let expected = (Some(Serving), Duration::from_millis(1500));
    assert_eq!(next(&mut stream).await, expected);

    store.store(false, Ordering::SeqCst);
    let (status, after) = next(&mut stream).await;
    assert_eq!(status, Some(NotServing));
    assert!(after <= Duration::from_secs(1), "told after {after:?}");
    store.store(true, Ordering::SeqCst);
    assert_eq!(next(&mut stream).await.0, Some(Serving));

    health.set_state(State::Draining);
    assert_eq!(next(&mut stream).await, (Some(NotServing), Duration::ZERO));
    health.set_state(State::Stopped);
    assert_eq!(next(&mut stream).await.0, None);
}

#[tokio::test(start_paused = true)]
async fn a_watch_hears_of_a_drain_while_a_check_hangs() {
    let health = Health::new();
    health.set_state(State::Ready);
    let hang = || std::future::pending::<Result<(), BoxError>>();
    health.add(Check::new("store", hang).timeout(Duration::from_secs(30)));
    let mut client = client(&health);
    let mut stream = watch(&mut client, GREETER).await;

    let moved = health.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        moved.set_state(State::Draining);
    });
    let expected = (Some(NotServing), Duration::from_secs(2));
    assert_eq!(next(&mut stream).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_an_unknown_service_stays_open() {
    let health = Health::new();
    let mut client = client(&health);
    let mut stream = watch(&mut client, "hello.v1.Nobody").await;
    assert_eq!(next(&mut stream).await.0, Some(ServiceUnknown));
    health.set_state(State::Ready);
    let hour = Duration::from_secs(3600);
    let quiet = tokio::time::timeout(hour, next(&mut stream)).await;
    assert!(quiet.is_err(), "{quiet:?}");
    health.set_state(State::Stopped);
    assert_eq!(next(&mut stream).await.0, None);
}
