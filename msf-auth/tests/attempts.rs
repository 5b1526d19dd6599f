//! Failed logins: slots before hashes, waiting, forgetting, bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use msf_auth::attempts::{Attempt, FailedLogins};
use msf_core::error::{Error, Kind};
use proptest::prelude::*;
use tokio::time::{Instant, advance, sleep};

const HASH: Duration = Duration::from_millis(20);

#[track_caller]
fn refused_for(result: Result<Attempt, Error>) -> Duration {
    let error = result.expect_err("a slot was free");
    assert_eq!(error.kind(), Kind::TooManyRequests);
    assert_eq!(error.code(), "login.too_many_failures");
    error.retry_after().unwrap()
}

/// A login that hashes for a while; says whether it was let through.
async fn login(
    failed_logins: &FailedLogins,
    account: &str,
    right: bool,
    hashes: &AtomicUsize,
) -> bool {
    let Ok(attempt) = failed_logins.acquire(account).await else {
        return false;
    };
    hashes.fetch_add(1, Ordering::Relaxed);
    sleep(HASH).await;
    if right {
        attempt.succeeded();
    } else {
        attempt.failed();
    }
    true
}

#[tokio::test(start_paused = true)]
async fn a_hundred_wrong_passwords_at_once_are_ten_hashes() {
    let (failed_logins, hashes) = (FailedLogins::default(), AtomicUsize::new(0));
    let start = Instant::now();
    let all = join_all((0..100).map(|_| login(&failed_logins, "ana", false, &hashes))).await;
    assert_eq!(hashes.load(Ordering::Relaxed), 10);
    assert_eq!(all.iter().filter(|through| **through).count(), 10);
    assert!(start.elapsed() < HASH * 2);
    assert_eq!(
        refused_for(failed_logins.acquire("ana").await),
        Duration::from_secs(60)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_wrong_passwords_on_four_threads_are_ten_hashes() {
    for _ in 0..20 {
        let failed_logins = FailedLogins::default();
        let hashes = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (failed_logins, hashes) = (failed_logins.clone(), Arc::clone(&hashes));
                tokio::spawn(async move {
                    let Ok(attempt) = failed_logins.acquire("ana").await else {
                        return;
                    };
                    hashes.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    attempt.failed();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(hashes.load(Ordering::Relaxed), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_right_logins_at_once_all_pass_ten_at_a_time() {
    let (failed_logins, hashes) = (FailedLogins::default(), AtomicUsize::new(0));
    let start = Instant::now();
    let all = join_all((0..100).map(|_| login(&failed_logins, "ana", true, &hashes))).await;
    assert!(all.iter().all(|through| *through));
    assert!(start.elapsed() >= HASH * 10, "{:?}", start.elapsed());
    assert_eq!(failed_logins.accounts(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_right_login_among_wrong_ones_gives_its_slot_to_the_next() {
    let (failed_logins, hashes) = (FailedLogins::per_minute(3), AtomicUsize::new(0));
    let mut logins = vec![login(&failed_logins, "ana", true, &hashes).boxed_local()];
    logins.extend((0..9).map(|_| login(&failed_logins, "ana", false, &hashes).boxed_local()));
    join_all(logins).await;
    assert_eq!(hashes.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_forgotten_after_sixty_seconds_to_the_millisecond() {
    let failed_logins = FailedLogins::per_minute(2);
    failed_logins.acquire("ana").await.unwrap().failed();
    advance(Duration::from_millis(20_500)).await;
    failed_logins.acquire("ana").await.unwrap().failed();
    assert_eq!(
        refused_for(failed_logins.acquire("ana").await),
        Duration::from_millis(39_500)
    );
    advance(Duration::from_millis(39_499)).await;
    assert_eq!(
        refused_for(failed_logins.acquire("ana").await),
        Duration::from_millis(1)
    );
    advance(Duration::from_millis(1)).await;
    failed_logins.acquire("ana").await.unwrap().failed();
    assert_eq!(
        refused_for(failed_logins.acquire("ana").await),
        Duration::from_millis(20_500)
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_counts_from_its_end_not_from_its_start() {
    let failed_logins = FailedLogins::per_minute(1);
    let attempt = failed_logins.acquire("ana").await.unwrap();
    advance(Duration::from_secs(59)).await;
    attempt.failed();
    assert_eq!(
        refused_for(failed_logins.acquire("ana").await),
        Duration::from_secs(60)
    );
}

#[tokio::test(start_paused = true)]
async fn one_account_does_not_touch_another() {
    let failed_logins = FailedLogins::default();
    for _ in 0..10 {
        failed_logins.acquire("ana").await.unwrap().failed();
    }
    refused_for(failed_logins.acquire("ana").await);
    for other in ["Ana", "ana ", "bo", ""] {
        failed_logins.acquire(other).await.unwrap().succeeded();
    }
    refused_for(failed_logins.clone().acquire("ana").await);
}

#[tokio::test(start_paused = true)]
async fn a_success_gives_back_its_own_slot_and_no_other() {
    let failed_logins = FailedLogins::per_minute(3);
    failed_logins.acquire("ana").await.unwrap().failed();
    failed_logins.acquire("ana").await.unwrap().failed();
    for _ in 0..5 {
        failed_logins.acquire("ana").await.unwrap().succeeded();
        failed_logins.acquire("ana").await.unwrap().not_checked();
    }
    failed_logins.acquire("ana").await.unwrap().failed();
    refused_for(failed_logins.acquire("ana").await);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_hangs_up_mid_attempt_has_failed() {
    let failed_logins = FailedLogins::per_minute(3);
    let hashes = AtomicUsize::new(0);
    for _ in 0..3 {
        let login = login(&failed_logins, "ana", true, &hashes);
        assert!(tokio::time::timeout(HASH / 2, login).await.is_err());
    }
    assert_eq!(
        refused_for(failed_logins.acquire("ana").await),
        Duration::from_millis(59_980)
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_hangs_up_while_it_waits_takes_nothing() {
    let failed_logins = FailedLogins::per_minute(1);
    let first = failed_logins.acquire("ana").await.unwrap();
    let mut gone = failed_logins.acquire("ana").boxed();
    let mut granted = failed_logins.acquire("ana").boxed();
    let mut last = failed_logins.acquire("ana").boxed();
    for waiting in [&mut gone, &mut granted, &mut last] {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    drop(gone);
    first.succeeded();
    // It has its slot, and hangs up before it sees it.
    drop(granted);
    let attempt = last.now_or_never().expect("the slot went on").unwrap();
    attempt.failed();
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_refused_when_the_last_slot_is_used_up() {
    let failed_logins = FailedLogins::per_minute(2);
    failed_logins.acquire("ana").await.unwrap().failed();
    advance(Duration::from_secs(10)).await;
    let attempt = failed_logins.acquire("ana").await.unwrap();
    let mut waiting = failed_logins.acquire("ana").boxed();
    assert!(waiting.as_mut().now_or_never().is_none());
    attempt.failed();
    assert_eq!(refused_for(waiting.await), Duration::from_secs(50));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_nought_lets_nobody_in() {
    let failed_logins = FailedLogins::per_minute(0);
    assert_eq!(
        refused_for(failed_logins.acquire("ana").await),
        Duration::from_secs(60)
    );
    assert_eq!(failed_logins.accounts(), 0);
}

#[tokio::test(start_paused = true)]
async fn accounts_are_bounded_and_the_one_under_attack_is_not_flooded_away() {
    let failed_logins = FailedLogins::with_capacity(3, 1000);
    for _ in 0..3 {
        failed_logins.acquire("ana").await.unwrap().failed();
    }
    for flood in 0..10_000 {
        failed_logins
            .acquire(&format!("flood-{flood}"))
            .await
            .unwrap()
            .failed();
        assert!(failed_logins.accounts() <= 1000);
    }
    assert_eq!(failed_logins.accounts(), 1000);
    refused_for(failed_logins.acquire("ana").await);
    advance(Duration::from_secs(60)).await;
    for _ in 0..500 {
        failed_logins.acquire("bo").await.unwrap().succeeded();
    }
    assert_eq!(failed_logins.accounts(), 0);
}

#[test]
fn no_debug_shows_a_name() {
    let failed_logins = FailedLogins::default();
    let attempt = failed_logins
        .acquire("canary")
        .now_or_never()
        .unwrap()
        .unwrap();
    assert!(!format!("{failed_logins:?} {attempt:?}").contains("canary"));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire(u8),
    End(u8, u8),
    HangUp(u8),
    Wait(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<u8>().prop_map(Step::Acquire),
        4 => any::<(u8, u8)>().prop_map(|(which, how)| Step::End(which, how)),
        1 => any::<u8>().prop_map(Step::HangUp),
        2 => any::<u8>().prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    /// Against a model that knows only the rule: never more than the limit of failures in any 60 s and attempts in flight, and
    /// nobody waits while a slot is free.
    #[test]
    fn no_history_lets_more_through_than_the_limit(limit in 1u32..5, steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let failed_logins = FailedLogins::per_minute(limit);
            let names = ["ana", "bo"];
            let mut in_flight: Vec<(usize, Attempt)> = Vec::new();
            let mut waiting = Vec::new();
            let mut failures: [Vec<Instant>; 2] = Default::default();
            for step in steps {
                match step {
                    Step::Acquire(who) => {
                        let who = usize::from(who) % 2;
                        let mut turn = failed_logins.acquire(names[who]).boxed_local();
                        match turn.as_mut().now_or_never() {
                            Some(Ok(attempt)) => in_flight.push((who, attempt)),
                            Some(Err(error)) => {
                                let live = failures[who].iter().filter(|at| at.elapsed() < Duration::from_secs(60));
                                let oldest = live.clone().min().unwrap();
                                prop_assert_eq!(live.count(), limit as usize);
                                prop_assert_eq!(error.retry_after(), Duration::from_secs(60).checked_sub(oldest.elapsed()));
                            }
                            None => waiting.push((who, turn)),
                        }
                    }
                    Step::End(which, how) if !in_flight.is_empty() => {
                        let (who, attempt) = in_flight.swap_remove(usize::from(which) % in_flight.len());
                        match how % 4 {
                            0 => attempt.succeeded(),
                            1 => attempt.not_checked(),
                            2 => { attempt.failed(); failures[who].push(Instant::now()); }
                            _ => { drop(attempt); failures[who].push(Instant::now()); }
                        }
                    }
                    Step::HangUp(which) if !waiting.is_empty() => {
                        drop(waiting.swap_remove(usize::from(which) % waiting.len()));
                    }
                    Step::Wait(seconds) => advance(Duration::from_secs(u64::from(seconds) / 4)).await,
                    Step::End(..) | Step::HangUp(_) => {}
                }
                let mut still = Vec::new();
                for (who, mut turn) in waiting {
                    match turn.as_mut().now_or_never() {
                        Some(Ok(attempt)) => in_flight.push((who, attempt)),
                        Some(Err(_)) => prop_assert!(!in_flight.iter().any(|(of, _)| *of == who)),
                        None => still.push((who, turn)),
                    }
                }
                waiting = still;
                for (who, failures) in failures.iter().enumerate() {
                    let live = failures.iter().filter(|at| at.elapsed() < Duration::from_secs(60)).count();
                    let flying = in_flight.iter().filter(|(of, _)| *of == who).count();
                    prop_assert!(live + flying <= limit as usize);
                    let waits = waiting.iter().any(|(of, _)| *of == who);
                    prop_assert!(!waits || flying > 0, "somebody waits for nobody");
                }
            }
            Ok(())
        })?;
    }
}
