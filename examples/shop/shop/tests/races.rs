//! Many hands on one thing: one successor of a token, no session after its logout, one change of a version.

mod support;

use std::collections::HashSet;

use serde_json::json;
use support::client::Client;
use support::process::Process;
use support::{PASSWORD, fresh_email};

async fn shop(folder: &std::path::Path) -> (Process, Client) {
    let shop = Process::start(folder).await;
    let client = Client::new(shop.http());
    (shop, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_refreshed_by_many_has_one_successor() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, client) = shop(folder.path()).await;
    let email = fresh_email();
    assert_eq!(client.register(&email, PASSWORD).await.unwrap().status, 201);
    let mut token = client
        .login(&email, PASSWORD)
        .await
        .unwrap()
        .member("refresh_token");
    let (rounds, hands) = (40, 32);
    let mut seen = HashSet::from([token.clone()]);
    for round in 0..rounds {
        let all: Vec<_> = (0..hands)
            .map(|_| {
                let (client, token) = (client.clone(), token.clone());
                tokio::spawn(async move { client.refresh(&token).await.unwrap() })
            })
            .collect();
        let mut successors = HashSet::new();
        for one in all {
            let answer = one.await.unwrap();
            assert_eq!(answer.status, 200, "round {round}: {answer:?}");
            successors.insert(answer.member("refresh_token"));
        }
        assert_eq!(successors.len(), 1, "round {round}: {successors:?}");
        token = successors.into_iter().next().unwrap();
        assert!(seen.insert(token.clone()), "round {round}: no new token");
    }
    println!(
        "{rounds} rounds of {hands} at once: {} tokens, each with one successor",
        seen.len()
    );
    assert_eq!(shop.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_lives_after_a_logout() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, client) = shop(folder.path()).await;
    let email = fresh_email();
    assert_eq!(client.register(&email, PASSWORD).await.unwrap().status, 201);
    let (races, mut refresh_won) = (200, 0);
    for race in 0..races {
        let begun = client.login(&email, PASSWORD).await.unwrap();
        let (access, token) = (begun.member("access_token"), begun.member("refresh_token"));
        let refreshing = {
            let (client, token) = (client.clone(), token.clone());
            tokio::spawn(async move { client.refresh(&token).await.unwrap() })
        };
        let logging_out = {
            let (client, access, token) = (client.clone(), access.clone(), token.clone());
            tokio::spawn(async move { client.logout(&access, &token).await.unwrap() })
        };
        let (refreshed, logged_out) = (refreshing.await.unwrap(), logging_out.await.unwrap());
        assert_eq!(logged_out.status, 200, "race {race}: {logged_out:?}");
        let mut tokens = vec![token];
        match refreshed.status {
            200 => {
                refresh_won += 1;
                tokens.push(refreshed.member("refresh_token"));
            }
            401 => {}
            _ => panic!("race {race}: {refreshed:?}"),
        }
        for token in tokens {
            let after = client.refresh(&token).await.unwrap();
            assert_eq!(
                after.status, 401,
                "race {race}: a session outlived its logout"
            );
        }
    }
    println!(
        "{races} races: the refresh came first in {refresh_won}, nothing lived after any logout"
    );
    assert_eq!(shop.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_changes_of_one_version_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, client) = shop(folder.path()).await;
    let admin = |key: &str| shop.ready["first_admin"][key].as_str().unwrap().to_owned();
    let login = client.login(&admin("email"), &admin("password")).await;
    let token = login.unwrap().member("access_token");
    let body = json!({
        "name": "lamp", "description": "", "price": 1, "category": "light", "stock": 0, "image_url": "",
    });
    let made = client.send("POST", "/api/v1/admin/products", Some(&token), Some(body));
    let id = made.await.unwrap().member("id");
    let url = format!("{}/api/v1/admin/products/{id}", shop.http());
    let bearer = format!("Bearer {token}");
    let (rounds, hands) = (10, 32);
    for round in 1..=rounds {
        let all: Vec<_> = (0..hands)
            .map(|hand| {
                let (client, url, bearer) = (client.clone(), url.clone(), bearer.clone());
                tokio::spawn(async move {
                    let version = format!("\"{round}\"");
                    let headers = [
                        ("authorization", &*bearer),
                        ("content-type", "application/json"),
                        ("if-match", &version),
                    ];
                    let body = json!({ "stock": round * 100 + hand }).to_string();
                    client.request("PUT", &url, &headers, body).await.unwrap()
                })
            })
            .collect();
        let mut winners = Vec::new();
        for (hand, one) in all.into_iter().enumerate() {
            let answer = one.await.unwrap();
            match answer.status {
                200 => winners.push(hand),
                409 => assert_eq!(answer.member("code"), "version.conflict"),
                _ => panic!("round {round}: {answer:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        let path = format!("/api/v1/products/{id}");
        let now = client.send("GET", &path, None, None).await.unwrap();
        assert_eq!(now.headers["etag"], format!("\"{}\"", round + 1));
        assert_eq!(now.json()["stock"], round * 100 + winners[0]);
    }
    println!(
        "{rounds} rounds of {hands} changes of one version: one made, {} refused, each",
        hands - 1
    );
    assert_eq!(shop.stop().await, Some(0));
}
