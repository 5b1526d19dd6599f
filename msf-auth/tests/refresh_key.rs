//! The refresh key on disk: made once, whole, for its owner only, the same for all.
#![cfg(feature = "sqlite")]

mod refresh_support;

use std::path::Path;
use std::process::Command;
use std::sync::Barrier;

use msf_auth::refresh::{RefreshKey, SessionPolicy, Sessions, SqliteSessions};
use msf_core::clock::Clock;

use refresh_support::Fixture;

const CHILD: &str = "MSF_TEST_REFRESH_KEY_FOLDER";

fn sessions(fixture: &Fixture, key: RefreshKey) -> Sessions {
    Sessions::new(
        fixture.store(),
        key,
        SessionPolicy::default(),
        Clock::system(),
    )
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn the_key_is_made_once_and_read_the_next_time() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let token = sessions(&fixture, RefreshKey::open(folder.path()).unwrap())
        .begin("ana")
        .await
        .unwrap()
        .token;
    let stored = std::fs::read(folder.path().join("refresh.key")).unwrap();
    assert_eq!(stored.len(), 32);
    let again = sessions(&fixture, RefreshKey::open(folder.path()).unwrap());
    assert!(again.refresh(token.expose()).await.is_ok());
    let same = sessions(&fixture, RefreshKey::from_bytes(stored.try_into().unwrap()));
    assert_eq!(same.peek(token.expose()).unwrap(), "ana");
    assert_eq!(names(folder.path()), ["refresh.key"]);

    let elsewhere = tempfile::tempdir().unwrap();
    let other = sessions(&fixture, RefreshKey::open(elsewhere.path()).unwrap());
    assert!(other.peek(token.expose()).is_err());
}

#[tokio::test]
async fn threads_that_start_at_once_end_with_one_key() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let start = Barrier::new(8);
        let keys = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        RefreshKey::open(folder.path()).unwrap()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect::<Vec<_>>()
        });
        let fixture = Fixture::new();
        let token = sessions(&fixture, RefreshKey::open(folder.path()).unwrap())
            .begin("ana")
            .await
            .unwrap()
            .token;
        for key in keys {
            assert!(sessions(&fixture, key).peek(token.expose()).is_ok());
        }
        assert_eq!(names(folder.path()), ["refresh.key"]);
    }
}

/// Not a test of its own: what each process of the next one does.
#[tokio::test]
async fn child_makes_a_token() {
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let store = SqliteSessions::open(Path::new(&folder).join("sessions.db")).unwrap();
    let key = RefreshKey::open(&folder).unwrap();
    let sessions = Sessions::new(store, key, SessionPolicy::default(), Clock::system());
    println!(
        "token:{}",
        sessions.begin("ana").await.unwrap().token.expose()
    );
}

#[tokio::test]
async fn processes_that_start_at_once_end_with_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..6)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_makes_a_token", "--nocapture"])
                .env(CHILD, folder.path())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let store = SqliteSessions::open(folder.path().join("sessions.db")).unwrap();
    let outputs: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    let key = RefreshKey::open(folder.path()).unwrap();
    let sessions = Sessions::new(store, key, SessionPolicy::default(), Clock::system());
    for output in outputs {
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, token) = text.split_once("token:").expect("a token");
        let token = token.lines().next().unwrap();
        assert!(sessions.refresh(token).await.is_ok(), "a key of its own");
    }
}

#[cfg(unix)]
mod files {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn open(folder: &Path) -> String {
        let key = RefreshKey::open(folder);
        key.unwrap_err()
            .to_string()
            .replace(&*folder.to_string_lossy(), "DIR")
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refresh.key");
        RefreshKey::open(folder.path()).unwrap();
        assert_eq!(mode(&path), 0o600);
        for wrong in [0o640, 0o604, 0o660, 0o644] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(wrong)).unwrap();
            assert_eq!(
                open(folder.path()),
                format!(
                    "others may read the refresh key DIR/refresh.key (mode {wrong:03o}): run `chmod 600 DIR/refresh.key`"
                )
            );
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
        RefreshKey::open(folder.path()).unwrap();
    }

    #[test]
    fn a_file_of_another_size_is_not_replaced() {
        for size in [0, 31, 33] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("refresh.key");
            std::fs::write(&path, vec![7; size]).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            let error = open(folder.path());
            assert!(
                error.starts_with(&format!(
                    "the refresh key DIR/refresh.key has {size} bytes instead of 32: put "
                )),
                "{error}"
            );
            assert_eq!(std::fs::read(&path).unwrap(), vec![7; size]);
        }
    }

    #[test]
    fn what_is_no_file_or_has_no_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            open(&folder.path().join("none"))
                .starts_with("cannot make the refresh key DIR/refresh.key: ")
        );
        std::fs::create_dir(folder.path().join("refresh.key")).unwrap();
        let error = open(folder.path());
        assert!(error.contains("the refresh key DIR/refresh.key"), "{error}");
    }

    #[test]
    fn what_a_killed_process_left_behind_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".refresh.key.0000000000000007"), [7; 9]).unwrap();
        RefreshKey::open(folder.path()).unwrap();
        assert_eq!(
            std::fs::read(folder.path().join("refresh.key"))
                .unwrap()
                .len(),
            32
        );
    }
}
