//! kill -9 while users register and refresh: what was answered is there, and no refresh token has two successors.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

mod support;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msf_service::store::sqlite::rusqlite::{Connection, OpenFlags};
use rand::Rng as _;
use support::client::Client;
use support::process::Process;
use support::{PASSWORD, fresh_email};

/// What the clients know for certain.
#[derive(Default)]
struct Known {
    /// Addresses whose registration was answered with 201.
    registered: Mutex<HashSet<String>>,
    /// Of each session the refresh token that was handed out last.
    last: Mutex<HashMap<usize, String>>,
    /// The one successor of each token that was ever used.
    successors: Mutex<HashMap<String, String>>,
}

impl Known {
    /// Notes that `token` was answered with `successor`.
    fn succeeded(&self, token: &str, successor: &str) {
        let mut all = self.successors.lock().unwrap();
        let known = all
            .entry(token.to_owned())
            .or_insert_with(|| successor.to_owned());
        assert_eq!(known, successor, "two successors of one token");
    }
}

/// Registers, logs in, and refreshes until nobody answers any more.
async fn user(client: Client, known: Arc<Known>, session: usize) {
    let email = fresh_email();
    let outcome = async {
        let registered = client.register(&email, PASSWORD).await?;
        assert_eq!(registered.status, 201, "{registered:?}");
        known.registered.lock().unwrap().insert(email.clone());
        let begun = client.login(&email, PASSWORD).await?;
        assert_eq!(begun.status, 200, "{begun:?}");
        let mut token = begun.member("refresh_token");
        loop {
            known.last.lock().unwrap().insert(session, token.clone());
            let next = client.refresh(&token).await?;
            assert_eq!(next.status, 200, "{next:?}");
            let successor = next.member("refresh_token");
            known.succeeded(&token, &successor);
            token = successor;
        }
    };
    let ended: Option<()> = outcome.await;
    assert!(ended.is_none());
}

fn addresses(folder: &std::path::Path) -> HashSet<String> {
    let path = folder.join("data/user-service.db");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = connection.prepare("SELECT email FROM users").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

async fn rounds(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let known = Arc::new(Known::default());
    let (mut sessions, mut interrupted, mut replayed) = (0, 0, 0);
    for round in 0..count {
        let shop = Process::start(folder.path()).await;
        let client = Client::new(shop.http());

        // What was handed out last goes on, whatever became of the request that was on its way.
        let last = std::mem::take(&mut *known.last.lock().unwrap());
        for token in last.into_values() {
            let was_used = known.successors.lock().unwrap().contains_key(&token);
            assert!(
                !was_used,
                "a token that was handed out last has no successor yet"
            );
            for _ in 0..2 {
                let next = client.refresh(&token).await.unwrap();
                assert_eq!(next.status, 200, "round {round}: {next:?}");
                known.succeeded(&token, &next.member("refresh_token"));
            }
            replayed += 1;
        }

        let users: Vec<_> = (0..8)
            .map(|_| {
                sessions += 1;
                tokio::spawn(user(client.clone(), Arc::clone(&known), sessions))
            })
            .collect();
        let moment = rand::rng().random_range(20..600);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        interrupted += users.iter().filter(|user| !user.is_finished()).count();
        shop.kill().await;
        for user in users {
            user.await.unwrap();
        }

        let stored = addresses(folder.path());
        let missing: Vec<_> = known
            .registered
            .lock()
            .unwrap()
            .difference(&stored)
            .cloned()
            .collect();
        assert!(missing.is_empty(), "round {round}: lost {missing:?}");
    }
    let registered = known.registered.lock().unwrap().len();
    let successors = known.successors.lock().unwrap().len();
    println!(
        "{count} rounds: {registered} registrations answered with 201, all stored; {successors} refreshes, each token with one \
         successor; {interrupted} users in the middle of a request when killed; {replayed} last tokens went on"
    );
    assert!(
        interrupted >= count,
        "the shop was killed when nothing was going on"
    );
    assert!(registered > 0 && successors > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives() {
    rounds(6).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_what_was_answered_survives_fifty_kills() {
    rounds(50).await;
}

/// The writer that is killed above is one that waits for the disk.
#[tokio::test]
async fn the_live_writer_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let database = msf_service::store::sqlite::Database::open(&path, &[]).unwrap();
    let pragmas: Result<(i64, String), msf_service::store::sqlite::Error> = database
        .write(|transaction| {
            let synchronous = transaction.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
            let journal = transaction.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
            Ok((synchronous, journal))
        })
        .await;
    // 2 is FULL.
    assert_eq!(pragmas.unwrap(), (2, "wal".to_owned()));
}
