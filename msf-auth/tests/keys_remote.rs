//! Fetching the keys of others: how often, by whom, and what happens when it fails. Time is paused.

mod support;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use msf_auth::keys::{KeyRing, KeySource, Keys as _, RemoteKeys};
use msf_core::{BoxError, BoxFuture};
use support::forge::Forge;
use tokio::time::{advance, sleep};

/// What the next fetches answer; the last answer stays.
#[derive(Clone)]
enum Answer {
    Jwks(String),
    Fails,
    Panics,
    Hangs,
    /// After this long.
    Slow(Duration, String),
}

#[derive(Clone)]
struct Issuer {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    fetches: Arc<AtomicUsize>,
}

impl Issuer {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            fetches: Arc::default(),
        }
    }

    fn now(&self, answer: Answer) {
        *self.answers.lock().unwrap() = [answer].into();
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl KeySource for Issuer {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 {
                answers.pop_front().unwrap()
            } else {
                answers[0].clone()
            }
        };
        Box::pin(async move {
            match answer {
                Answer::Jwks(jwks) => Ok(jwks.into()),
                Answer::Fails => Err("connection refused".into()),
                Answer::Panics => panic!("in a source"),
                Answer::Hangs => std::future::pending().await,
                Answer::Slow(time, jwks) => {
                    sleep(time).await;
                    Ok(jwks.into())
                }
            }
        })
    }
}

fn new_set() -> (String, String) {
    let ring = KeyRing::generate().unwrap();
    let jwks = ring.jwks();
    let value: serde_json::Value = serde_json::from_str(&jwks).unwrap();
    (value["keys"][0]["kid"].as_str().unwrap().to_owned(), jwks)
}

/// `Some(found)`, or `None` where it cannot be known. Fails if there is no answer within a minute.
async fn knows(keys: &RemoteKeys, kid: &str) -> Option<bool> {
    let answer = tokio::time::timeout(seconds(60), keys.find(kid)).await;
    answer.unwrap().ok().map(|key| key.is_some())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_before_a_key_is_asked_for_and_then_once() {
    let (kid, jwks) = new_set();
    let issuer = Issuer::new([Answer::Jwks(jwks)]);
    let keys = RemoteKeys::new(issuer.clone());
    advance(seconds(3600)).await;
    assert_eq!(issuer.fetches(), 0);
    for _ in 0..1000 {
        assert_eq!(knows(&keys, &kid).await, Some(true));
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_made_up_ids_are_one_fetch_per_half_minute() {
    let (kid, jwks) = new_set();
    let issuer = Issuer::new([Answer::Jwks(jwks)]);
    let keys = RemoteKeys::new(issuer.clone());
    for window in 1..=3 {
        for id in 0..10_000 {
            assert_eq!(knows(&keys, &format!("made-up-{id}")).await, Some(false));
        }
        assert_eq!(issuer.fetches(), window);
        advance(Duration::from_millis(29_999)).await;
        assert_eq!(knows(&keys, "made-up").await, Some(false));
        assert_eq!(issuer.fetches(), window);
        advance(Duration::from_millis(1)).await;
    }
    assert_eq!(knows(&keys, &kid).await, Some(true));
    assert_eq!(issuer.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn ids_that_cannot_be_ids_are_never_asked_for() {
    let issuer = Issuer::new([Answer::Fails]);
    let keys = RemoteKeys::new(issuer.clone());
    let long = "a".repeat(65);
    for id in [
        "",
        "../../etc/passwd",
        "a b",
        "a\u{e4}",
        "' or 1=1",
        long.as_str(),
    ] {
        assert_eq!(knows(&keys, id).await, Some(false), "{id}");
    }
    assert_eq!(issuer.fetches(), 0);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_wait_for_one_fetch_and_one_who_leaves_does_not_end_it() {
    let (kid, jwks) = new_set();
    let issuer = Issuer::new([Answer::Slow(seconds(1), jwks)]);
    let keys = RemoteKeys::new(issuer.clone());
    let first = tokio::spawn({
        let (keys, kid) = (keys.clone(), kid.clone());
        async move { knows(&keys, &kid).await }
    });
    tokio::task::yield_now().await;
    let waiting = join_all((0..500).map(|_| knows(&keys, &kid)));
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert!(waiting.await.into_iter().all(|known| known == Some(true)));
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_set_is_an_answer_and_has_its_pause() {
    let issuer = Issuer::new([Answer::Jwks(r#"{"keys":[]}"#.to_owned())]);
    let keys = RemoteKeys::new(issuer.clone());
    for _ in 0..100 {
        assert_eq!(knows(&keys, "k").await, Some(false));
    }
    assert_eq!(issuer.fetches(), 1);
    advance(seconds(30)).await;
    assert_eq!(knows(&keys, "k").await, Some(false));
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_from_unknown_keys_and_tried_again_ever_later() {
    for failure in [
        Answer::Fails,
        Answer::Panics,
        Answer::Jwks("<html>".to_owned()),
        Answer::Jwks(r#"{"keys":[{"kty":"oct","kid":"k","k":"c2VjcmV0"}]}"#.to_owned()),
        Answer::Jwks(format!("{{\"keys\":[]{}}}", " ".repeat(64 * 1024))),
    ] {
        let (kid, jwks) = new_set();
        let issuer = Issuer::new([failure]);
        let keys = RemoteKeys::new(issuer.clone());
        let mut expected = 0;
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            expected += 1;
            for _ in 0..100 {
                assert_eq!(knows(&keys, &kid).await, None);
            }
            assert_eq!(issuer.fetches(), expected);
            advance(Duration::from_millis(pause * 1000 - 1)).await;
            assert_eq!(knows(&keys, &kid).await, None);
            assert_eq!(issuer.fetches(), expected);
            advance(Duration::from_millis(1)).await;
        }
        issuer.now(Answer::Jwks(jwks));
        assert_eq!(knows(&keys, &kid).await, Some(true));
        assert_eq!(knows(&keys, "made-up").await, Some(false));
        assert_eq!(issuer.fetches(), expected + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_is_given_up_after_two_seconds() {
    let issuer = Issuer::new([Answer::Hangs]);
    let keys = RemoteKeys::new(issuer);
    let start = tokio::time::Instant::now();
    assert_eq!(knows(&keys, "k").await, None);
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn old_keys_are_refreshed_in_the_background_and_kept_while_that_fails() {
    let (old, jwks) = new_set();
    let issuer = Issuer::new([Answer::Jwks(jwks)]);
    let keys = RemoteKeys::new(issuer.clone());
    assert_eq!(knows(&keys, &old).await, Some(true));
    let version = keys.version();
    advance(seconds(299)).await;
    assert_eq!(knows(&keys, &old).await, Some(true));
    assert_eq!(issuer.fetches(), 1);

    issuer.now(Answer::Fails);
    advance(seconds(1)).await;
    assert_eq!(knows(&keys, &old).await, Some(true));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(issuer.fetches(), 2);
    assert_eq!(knows(&keys, &old).await, Some(true));
    assert_eq!(knows(&keys, "made-up").await, None);
    assert_eq!(keys.version(), version);

    let (new, jwks) = new_set();
    issuer.now(Answer::Jwks(jwks));
    advance(seconds(1)).await;
    assert_eq!(
        keys.version(),
        version,
        "a hit asks for the version and does not wait"
    );
    sleep(Duration::from_millis(1)).await;
    assert_eq!(issuer.fetches(), 3);
    assert_ne!(keys.version(), version);
    assert_eq!(knows(&keys, &new).await, Some(true));
    assert_eq!(knows(&keys, &old).await, Some(false));
}

#[tokio::test(start_paused = true)]
async fn the_same_document_again_changes_nothing() {
    let (kid, jwks) = new_set();
    let issuer = Issuer::new([Answer::Jwks(jwks)]);
    let keys = RemoteKeys::new(issuer.clone());
    assert_eq!(knows(&keys, &kid).await, Some(true));
    let version = keys.version();
    for fetches in 2..5 {
        advance(seconds(300)).await;
        assert_eq!(knows(&keys, &kid).await, Some(true));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(issuer.fetches(), fetches);
    }
    assert_eq!(keys.version(), version);
}

#[tokio::test(start_paused = true)]
async fn unusable_keys_are_left_out_and_logged_once() {
    let (captured, _guard) = support::capture::Captured::start();
    let (good, bad) = (Forge::ed().jwk(), Forge::ec().jwk());
    let mut good = good;
    good["kid"] = "good".into();
    let mut bad = bad;
    bad["use"] = "enc".into();
    let jwks = serde_json::json!({"keys": [good, bad]}).to_string();
    let issuer = Issuer::new([Answer::Jwks(jwks)]);
    let keys = RemoteKeys::new(issuer.clone());
    for _ in 0..4 {
        assert_eq!(knows(&keys, "good").await, Some(true));
        assert_eq!(knows(&keys, "k").await, Some(false));
        advance(seconds(30)).await;
    }
    assert_eq!(issuer.fetches(), 4);
    let lines = captured.of("msf::auth");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!(lines[0].field("key"), "key k: its `use` is not `sig`");
}

#[test]
fn keys_outlive_the_runtime_that_fetched_them() {
    let (kid, jwks) = new_set();
    let issuer = Issuer::new([Answer::Hangs]);
    let keys = RemoteKeys::new(issuer.clone());
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let first = runtime();
    first.block_on(async {
        tokio::time::timeout(Duration::from_millis(10), knows(&keys, &kid))
            .await
            .unwrap_err();
    });
    // The fetch is in flight and dies with its runtime.
    drop(first);
    issuer.now(Answer::Jwks(jwks));
    runtime().block_on(async {
        assert_eq!(
            knows(&keys, &kid).await,
            None,
            "the first fetch counts as failed"
        );
        tokio::time::sleep(Duration::from_millis(1010)).await;
        assert_eq!(knows(&keys, &kid).await, Some(true));
    });
}
