//! Refresh sessions under concurrency, on a real file and real threads.
#![cfg(feature = "sqlite")]

mod refresh_support;

use std::collections::HashSet;
use std::sync::Arc;

use msf_auth::refresh::Sessions;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use refresh_support::{Fixture, is_invalid};

/// Refreshes `token` in 32 tasks at once: the successors, and how many tasks made one.
async fn thirty_two(instances: &[Sessions], token: &str) -> (HashSet<String>, usize) {
    let start = Arc::new(Barrier::new(32));
    let mut tasks = JoinSet::new();
    for number in 0..32 {
        let sessions = instances[number % instances.len()].clone();
        let (start, token) = (Arc::clone(&start), token.to_owned());
        tasks.spawn(async move {
            start.wait().await;
            sessions.refresh(&token).await.unwrap()
        });
    }
    let all = tasks.join_all().await;
    let rotated = all.iter().filter(|refreshed| refreshed.rotated).count();
    (
        all.iter()
            .map(|refreshed| refreshed.token.expose().to_owned())
            .collect(),
        rotated,
    )
}

async fn forty_rounds(instances: &[Sessions]) {
    let mut token = instances[0]
        .begin("ana")
        .await
        .unwrap()
        .token
        .expose()
        .to_owned();
    for round in 0..40 {
        let (successors, rotated) = thirty_two(instances, &token).await;
        assert_eq!((successors.len(), rotated), (1, 1), "round {round}");
        token = successors.into_iter().next().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_tasks_refresh_one_token_and_get_one_successor_forty_times() {
    let fixture = Fixture::new();
    forty_rounds(&[fixture.sessions()]).await;
    assert_eq!(fixture.rows(), 1);
}

/// Two stores on one file have nothing in common but the file, as two processes have.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_on_one_file_give_one_successor_forty_times() {
    let fixture = Fixture::new();
    forty_rounds(&[fixture.sessions(), fixture.sessions()]).await;
    assert_eq!(fixture.rows(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_two_hundred_races_of_refresh_and_logout_no_session_lives() {
    let fixture = Fixture::new();
    let instances = [fixture.sessions(), fixture.sessions()];
    let (mut refreshed_first, mut ended_first) = (0, 0);
    for race in 0..200 {
        let token = instances[0]
            .begin("ana")
            .await
            .unwrap()
            .token
            .expose()
            .to_owned();
        let start = Arc::new(Barrier::new(2));
        let refresh = tokio::spawn({
            let (sessions, start, token) = (
                instances[race % 2].clone(),
                Arc::clone(&start),
                token.clone(),
            );
            async move {
                start.wait().await;
                sessions.refresh(&token).await
            }
        });
        let end = tokio::spawn({
            let (sessions, token) = (instances[race / 2 % 2].clone(), token.clone());
            async move {
                start.wait().await;
                sessions.end(&token).await
            }
        });
        assert!(
            end.await.unwrap().unwrap().is_some(),
            "race {race}: the logout ended nothing"
        );
        let refreshed = refresh.await.unwrap();
        if let Ok(refreshed) = refreshed {
            refreshed_first += 1;
            is_invalid(instances[0].refresh(refreshed.token.expose()).await);
        } else {
            ended_first += 1;
            is_invalid(refreshed);
        }
        is_invalid(instances[0].refresh(&token).await);
        assert_eq!(fixture.rows(), 0, "race {race}");
    }
    println!(
        "200 races: {refreshed_first} refreshed before the logout, {ended_first} after it; none lives"
    );
    assert!(
        refreshed_first > 0 && ended_first > 0,
        "{refreshed_first}, {ended_first}: no race at all"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logins_at_once_keep_the_limit() {
    let mut fixture = Fixture::new();
    fixture.policy.per_subject = 5;
    let sessions = fixture.sessions();
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let sessions = sessions.clone();
        tasks.spawn(async move { sessions.begin("ana").await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(fixture.rows(), 5);
}
