//! A key ring on disk: who may read it, what happens when several open it, and what is no ring.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::Duration;

use msf_auth::keys::{KeyRing, KeyRingError, RotationPolicy};
use msf_core::clock::Clock;
use msf_core::component::{Component as _, Life};
use support::{at, clock, issue, refuses, takes, tokens, verifier};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data/keys");
    (place, folder)
}

fn open(folder: &Path) -> Result<KeyRing, KeyRingError> {
    KeyRing::open(folder, &Clock::system(), RotationPolicy::default())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_ring_is_the_same_after_a_restart() {
    let (_place, folder) = folder();
    let clock = clock();
    let open = || KeyRing::open(&folder, &clock.clock(), RotationPolicy::default()).unwrap();
    let token = issue(&tokens(&open()));
    let again = open();
    takes(&verifier(&again, &clock), &token).await;
    assert_eq!(names(&folder), ["keys.json", "keys.lock"]);
}

#[test]
fn only_its_owner_may_enter_the_folder_and_read_the_file() {
    let (_place, folder) = folder();
    let jwks = open(&folder).unwrap().jwks();
    let file = folder.join("keys.json");
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    for (path, bad, good) in [
        (&folder, 0o750, 0o700),
        (&folder, 0o701, 0o700),
        (&file, 0o640, 0o600),
        (&file, 0o604, 0o600),
    ] {
        chmod(path, bad);
        let error = open(&folder).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, KeyRingError::Exposed { .. }), "{text}");
        assert!(
            text.contains(&format!("chmod {good:o} {}", path.display())),
            "{text}"
        );
        chmod(path, good);
        assert_eq!(open(&folder).unwrap().jwks(), jwks);
    }
}

/// Run by the test below in processes of its own.
#[test]
#[ignore = "not a test: the other process of one"]
fn child_opens_the_folder() {
    let folder = std::env::var_os("MSF_TEST_FOLDER").unwrap();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("JWKS {}", open(Path::new(&folder)).unwrap().jwks());
}

#[test]
fn processes_that_open_a_folder_at_once_end_with_the_same_ring() {
    use std::io::Write as _;
    for _ in 0..5 {
        let (_place, folder) = folder();
        let mut children: Vec<_> = (0..6)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args([
                        "--exact",
                        "child_opens_the_folder",
                        "--ignored",
                        "--nocapture",
                    ])
                    .env("MSF_TEST_FOLDER", &folder)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in &mut children {
            child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        }
        let jwks: Vec<String> = children
            .into_iter()
            .map(|child| {
                let output = child.wait_with_output().unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                let (_, jwks) = text.split_once("JWKS ").expect(&text);
                jwks.lines().next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(jwks, vec![open(&folder).unwrap().jwks(); 6]);
    }
}

#[test]
fn threads_that_open_and_rotate_at_once_end_with_the_same_ring() {
    let (_place, folder) = folder();
    let threads = 8;
    let barrier = Barrier::new(threads);
    let jwks: Vec<_> = std::thread::scope(|scope| {
        // Failures wait until all barriers are passed, or the other threads wait for ever.
        let run = || -> Result<String, KeyRingError> {
            barrier.wait();
            let ring = open(&folder);
            barrier.wait();
            let ring = ring.and_then(|ring| ring.rotate().map(|_| ring));
            barrier.wait();
            let ring = ring?;
            ring.reload()?;
            Ok(ring.jwks())
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let results = handles.into_iter().map(|handle| handle.join().unwrap());
        results.map(Result::unwrap).collect()
    });
    assert_eq!(jwks, vec![jwks[0].clone(); threads]);
    let set: serde_json::Value = serde_json::from_str(&jwks[0]).unwrap();
    assert_eq!(
        set["keys"].as_array().unwrap().len(),
        2,
        "one rotation, not eight"
    );
}

#[test]
fn what_is_no_ring_is_an_error_and_is_left_as_it_is() {
    let (_place, folder) = folder();
    let ring = open(&folder).unwrap();
    let path = folder.join("keys.json");
    let good = fs::read_to_string(&path).unwrap();
    let file: serde_json::Value = serde_json::from_str(&good).unwrap();
    let secret = file["keys"][0]["pkcs8"].as_str().unwrap().to_owned();
    let (_other_place, other_folder) = self::folder();
    open(&other_folder).unwrap();
    let other = fs::read_to_string(other_folder.join("keys.json")).unwrap();
    let other: serde_json::Value = serde_json::from_str(&other).unwrap();

    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut file = file.clone();
        change(&mut file);
        file.to_string()
    };
    let bad = [
        String::new(),
        "{}".to_owned(),
        good[..good.len() / 2].to_owned(),
        format!("{good}{good}"),
        good.replace(&secret, &format!("A{}", &secret[1..])),
        good.replace(&secret, "c2VjcmV0"),
        changed(&|file| file["version"] = 2.into()),
        changed(&|file| file["keys"] = serde_json::json!([])),
        changed(&|file| file["more"] = true.into()),
        changed(&|file| file["keys"][0]["kid"] = "another".into()),
        changed(&|file| file["keys"][0]["pkcs8"] = other["keys"][0]["pkcs8"].clone()),
        changed(&|file| file["keys"][0]["signs_from"] = u64::MAX.into()),
        changed(&|file| file["keys"][0]["signs_from"] = (-1).into()),
        // What is of the wrong type is not quoted.
        changed(&|file| file["keys"][0]["signs_from"] = secret.clone().into()),
        changed(&|file| file["version"] = secret.clone().into()),
        changed(&|file| file["keys"] = serde_json::json!([file["keys"][0], file["keys"][0]])),
    ];
    for content in bad {
        fs::write(&path, &content).unwrap();
        let error = open(&folder).unwrap_err();
        assert!(
            matches!(error, KeyRingError::Corrupt { .. }),
            "{error} {content}"
        );
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(&secret[8..24]), "{text}");
            assert!(text.contains("keys.json"), "{text}");
        }
        assert!(ring.reload().is_err() && ring.rotate().is_err());
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            content,
            "it is left as it is"
        );
        assert!(ring.jwks().contains("Ed25519"), "the ring in hand works on");
    }
    fs::write(&path, good).unwrap();
    assert_eq!(open(&folder).unwrap().jwks(), ring.jwks());
}

#[test]
fn what_a_crash_left_behind_does_no_harm() {
    let (_place, folder) = folder();
    let ring = open(&folder).unwrap();
    fs::write(folder.join("keys.json.next"), "half a fi").unwrap();
    assert_eq!(open(&folder).unwrap().jwks(), ring.jwks());
    ring.rotate().unwrap();
    assert_eq!(open(&folder).unwrap().jwks(), ring.jwks());
    assert_eq!(names(&folder), ["keys.json", "keys.lock"]);
    assert_eq!(mode(&folder.join("keys.json")), 0o600);
}

#[test]
fn a_folder_that_cannot_be_used_says_which_and_why() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = open(&file.join("keys")).unwrap_err();
    let text = msf_core::error::chain(&error);
    assert!(
        text.starts_with(&format!("cannot create {}", file.join("keys").display())),
        "{text}"
    );
}

#[test]
fn a_policy_whose_times_do_not_fit_is_refused() {
    let minute = |minutes: u64| Duration::from_secs(60 * minutes);
    let policy = RotationPolicy::default;
    for policy in [
        policy().publish_ahead(minute(5)),
        policy().max_token_lifetime(Duration::ZERO),
        policy().rotate_every(minute(14)),
        policy().rotate_every(minute(19)),
    ] {
        let error = KeyRing::in_memory(&Clock::system(), policy).unwrap_err();
        assert!(matches!(error, KeyRingError::Policy(_)), "{error}");
    }
    let tight = policy().publish_ahead(minute(6)).rotate_every(minute(15));
    KeyRing::in_memory(&Clock::system(), tight).unwrap();
}

/// Two instances of a service share a folder; one rotates by its upkeep, the other takes it over by its own.
#[tokio::test]
async fn upkeep_rotates_when_it_is_time_and_brings_the_rotations_of_others() {
    tokio::time::pause();
    let (_place, folder) = folder();
    let clock = clock();
    let open = || KeyRing::open(&folder, &clock.clock(), RotationPolicy::default()).unwrap();
    let (one, two) = (open(), open());
    let (end, life) = Life::new();
    let upkeep = tokio::spawn(Box::new(two.upkeep()).run(life));
    let keys = |ring: &KeyRing| ring.jwks().matches("kid").count();

    clock.set(at(support::NOW + 30 * 24 * 3600 - 1));
    assert_eq!(one.rotate_if_due().unwrap(), None);
    clock.advance(Duration::from_secs(1));
    let rotated = one.rotate_if_due().unwrap().unwrap();
    assert_eq!(rotated.signs_from, at(support::NOW + 30 * 24 * 3600 + 600));
    assert_eq!((keys(&one), keys(&two)), (2, 1));
    // Paused time stands still while the file is read on a thread of its own.
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(one.jwks(), two.jwks());
    let token = issue(&tokens(&one));
    takes(&verifier(&two, &clock), &token).await;

    end.stop();
    upkeep.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_ring_whose_file_is_gone_signs_on_and_says_so() {
    let (_place, folder) = folder();
    let clock = clock();
    let ring = KeyRing::open(&folder, &clock.clock(), RotationPolicy::default()).unwrap();
    fs::remove_file(folder.join("keys.json")).unwrap();
    let error = ring.reload().unwrap_err();
    assert!(error.to_string().contains("it is gone"), "{error}");
    takes(&verifier(&ring, &clock), &issue(&tokens(&ring))).await;
    let other = verifier(&support::ring(&clock), &clock);
    assert_eq!(
        refuses(&other, &issue(&tokens(&ring))).await,
        "token.invalid"
    );
}
