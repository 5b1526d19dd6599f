//! Wrong password and unknown user: one answer, in the same time.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod support;

use std::time::Duration;

use support::client::Client;
use support::process::Process;
use support::{PASSWORD, fresh_email};
use tokio::time::Instant;

/// Median, and the quartiles around it.
fn quartiles(samples: &mut [Duration]) -> [Duration; 3] {
    samples.sort();
    [1, 2, 3].map(|quarter| samples[samples.len() * quarter / 4])
}

/// Logs in `count` times each way, alternating, and gives the quartiles of both.
async fn measure(count: usize) -> [[Duration; 3]; 2] {
    let folder = tempfile::tempdir().unwrap();
    let shop = Process::start_with(
        folder.path(),
        &["--set", "auth-service.auth.login_failures=1000000"],
    )
    .await;
    let client = Client::new(shop.http());
    let email = fresh_email();
    assert_eq!(client.register(&email, PASSWORD).await.unwrap().status, 201);
    let (mut wrong, mut unknown, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let began = Instant::now();
        let answer = client.login(&email, "a wrong password").await.unwrap();
        wrong.push(began.elapsed());
        let began = Instant::now();
        let other = client
            .login(&fresh_email(), "a wrong password")
            .await
            .unwrap();
        unknown.push(began.elapsed());
        for answer in [answer, other] {
            assert_eq!(answer.status, 401);
            let mut body = answer.json();
            body["correlation_id"] = serde_json::Value::Null;
            texts.push((body.to_string(), answer.headers.len()));
        }
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "two answers: {texts:?}");
    assert_eq!(shop.stop().await, Some(0));
    let both = [quartiles(&mut wrong), quartiles(&mut unknown)];
    println!(
        "{count} each, quartiles: wrong password {:?}, unknown user {:?}",
        both[0], both[1]
    );
    both
}

fn ratio(both: &[[Duration; 3]; 2]) -> f64 {
    both[0][1].as_secs_f64() / both[1][1].as_secs_f64()
}

/// Without the hashing of a password for nobody the one would be twenty times the other.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_as_long_as_somebody() {
    let ratio = ratio(&measure(40).await);
    assert!((0.7..1.4).contains(&ratio), "{ratio}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_nobody_takes_as_long_as_somebody() {
    let ratio = ratio(&measure(400).await);
    assert!((0.95..1.05).contains(&ratio), "{ratio}");
}
