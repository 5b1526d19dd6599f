//! Callers that hang up while their password is hashed. In a process of its own: its running threads are counted.
#![cfg(target_os = "linux")]

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use msf_auth::password::{Params, Password, PasswordPool};

#[tokio::test]
async fn a_hundred_hung_up_callers_start_no_third_hash_on_two_threads() {
    let pool = PasswordPool::builder(Params::default())
        .threads(2)
        .longest_wait(Duration::from_secs(60))
        .build()
        .unwrap();
    let guess = Password::new("a walk in the snow".to_owned()).unwrap();
    let (mut most, mut unfinished) = (0, 0);
    for _ in 0..100 {
        let mut hash = pool.hash(&guess).boxed();
        let mut answered = hash.as_mut().now_or_never().is_some();
        // Time for an idle thread to begin with it.
        for _ in 0..50 {
            tokio::task::yield_now().await;
            answered = answered || hash.as_mut().now_or_never().is_some();
        }
        unfinished += usize::from(!answered);
        drop(hash);
        let running = other_running_threads();
        assert!(running <= 2, "{running} hashes run");
        most = most.max(running);
    }
    assert!(
        most > 0 && unfinished > 50,
        "nothing was hashed when the callers hung up"
    );
    let all = join_all((0..8).map(|_| pool.hash(&guess))).await;
    assert!(all.iter().all(Result::is_ok));
    println!("at most {most} hashes at once; {unfinished} of 100 callers hung up before the end");
}

/// Threads of this process that run, but for the one that asks.
fn other_running_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let running = tasks.filter(|task| {
        let stat = task.as_ref().unwrap().path().join("stat");
        let stat = std::fs::read_to_string(stat).unwrap_or_default();
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('R'))
    });
    running.count() - 1
}
