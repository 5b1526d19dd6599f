//! The bound on the bad credentials of one address.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use msf_core::BoxFuture;
use msf_core::access::{Authenticator, Principal};
use msf_core::error::{Error, Kind};
use msf_service::http::Routes;
use msf_service::{App, Boot, Rule};
use msf_testing::{Start, Started};

/// Believes `good`, cannot decide `down`, refuses the rest, and counts how often it is asked.
#[derive(Clone, Default)]
struct Gate(Arc<AtomicUsize>);

/// The same for callers that are services.
struct Inner(Gate);

impl Authenticator for Inner {
    fn authenticate<'a>(
        &'a self,
        headers: &'a http::HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        self.0.authenticate(headers)
    }

    fn is_guess(&self, _: &Error) -> bool {
        false
    }
}

impl Authenticator for Gate {
    fn authenticate<'a>(
        &'a self,
        headers: &'a http::HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        Box::pin(async move {
            let Some(value) = headers.get("authorization") else {
                return Ok(None);
            };
            self.0.fetch_add(1, Ordering::Relaxed);
            match value.as_bytes() {
                b"good" => Ok(Some(Principal::user("ana"))),
                b"down" => Err(Error::of(Kind::Unavailable)),
                _ => Err(Error::of(Kind::Unauthenticated)),
            }
        })
    }
}

async fn start(bound: u32) -> (Started, Gate) {
    let gate = Gate::default();
    (start_with(bound, gate.clone()).await, gate)
}

async fn start_with(bound: u32, own: impl Authenticator) -> Started {
    let app = async move |_: Boot<()>| {
        let routes = Routes::new()
            .get("/open", Rule::public("a test"), async || "open")
            .get("/closed", Rule::authenticated("a test"), async || "closed");
        Ok(App::new().authenticate(own).http(routes))
    };
    let started = Start::named("app")
        .settings(|settings| settings.limits.auth_failures = bound)
        .start(app, ())
        .await;
    started.unwrap()
}

async fn status(app: &Started, path: &str, credentials: &str) -> u16 {
    let call = app.get(path);
    let call = if credentials.is_empty() {
        call
    } else {
        call.header("authorization", credentials)
    };
    call.send().await.status().as_u16()
}

#[tokio::test]
async fn beyond_the_bound_credentials_are_not_looked_at() {
    let (app, gate) = start(5).await;
    for _ in 0..5 {
        assert_eq!(status(&app, "/closed", "bad").await, 401);
    }
    let asked = gate.0.load(Ordering::Relaxed);
    let refused = app
        .get("/closed")
        .header("authorization", "good")
        .send()
        .await;
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(gate.0.load(Ordering::Relaxed), asked);
    // Who comes without credentials, or to a public route, is not concerned.
    assert_eq!(status(&app, "/closed", "").await, 401);
    assert_eq!(status(&app, "/open", "bad").await, 200);
    assert_eq!(status(&app, "/open", "").await, 200);
    assert_eq!(gate.0.load(Ordering::Relaxed), asked);
}

#[tokio::test]
async fn what_is_no_fault_of_the_caller_does_not_count() {
    let (app, _gate) = start(2).await;
    for _ in 0..5 {
        assert_eq!(status(&app, "/closed", "down").await, 503);
        assert_eq!(status(&app, "/closed", "good").await, 200);
        assert_eq!(status(&app, "/closed", "").await, 401);
    }
    assert_eq!(status(&app, "/closed", "bad").await, 401);
    assert_eq!(status(&app, "/closed", "good").await, 200);
}

#[tokio::test]
async fn callers_that_are_services_are_not_bounded() {
    let app = start_with(2, Inner(Gate::default())).await;
    for _ in 0..5 {
        assert_eq!(status(&app, "/closed", "bad").await, 401);
    }
    assert_eq!(status(&app, "/closed", "good").await, 200);
}

#[tokio::test]
async fn zero_is_no_bound() {
    let (app, _gate) = start(0).await;
    for _ in 0..50 {
        assert_eq!(status(&app, "/closed", "bad").await, 401);
    }
}
