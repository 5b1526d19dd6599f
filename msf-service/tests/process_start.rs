//! The data folder, work before the first answer, what an app announces, and settings that an app refuses.

mod process;

use std::path::{Path, PathBuf};

use msf_service::http::Routes;
use msf_service::settings::Settings;
use msf_service::{App, Boot, BoxError, Exit, Host, Info, Profile, Rule};
use process::{become_program, get, program};
use serde_json::{Value, json};

#[derive(Debug, Settings)]
struct Config {
    /// What its first record holds; `fail` and `panic` do what they say.
    #[setting(default = "a record")]
    record: String,
    /// Where the keys are.
    keys: Option<PathBuf>,
}

/// An app with a store that needs a first record.
async fn keeper(boot: Boot<Config>) -> Result<App, BoxError> {
    if boot.profile() == Profile::Prod && boot.config.keys.is_none() {
        return Err(boot
            .refuse("keys", "is not set", "name the folder with the keys")
            .into());
    }
    let folder = boot.data_dir()?;
    let file = folder.join("keeper.txt");
    std::fs::write(folder.join("opened"), "")?;
    let (announcer, record) = (boot.announcer(), boot.config.record.clone());
    let routes = Routes::new().get("/", Rule::public("a test"), async move || {
        std::fs::read_to_string(file).unwrap_or_default()
    });
    let app = App::new().suggest("curl {url}/?try");
    Ok(app.http(routes).on_start(async move || {
        match record.as_str() {
            "fail" => return Err("the disk is on fire".into()),
            "panic" => panic!("the keeper is on fire"),
            _ => {}
        }
        let file = folder.join("keeper.txt");
        if !file.exists() {
            std::fs::write(file, &record)?;
            announcer.announce("first_record", json!({ "text": record }));
        }
        Ok(())
    }))
}

async fn plain(_: Boot<()>) -> Result<App, BoxError> {
    Ok(App::new())
}

#[test]
fn entry() {
    become_program(|name, arguments, variables| {
        let info = Info::new("keeper", "0.1.0").port(0);
        let host = match name {
            "keeper" => Host::alone(info, keeper),
            "plain" => Host::alone(info, plain),
            "both" => Host::new(info).app("first", keeper).app("second", keeper),
            _ => unreachable!("no such program"),
        };
        host.run_with(arguments, variables)
    });
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .map(|entries| {
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

async fn body(running: &process::Running) -> String {
    get(running.http(), "/").await.1
}

#[tokio::test]
async fn a_start_makes_the_first_record_and_announces_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let flags = ["--data-dir", data.to_str().unwrap()];

    let mut first = program("keeper").args(flags).ready().await;
    assert_eq!(first.ready["first_record"], json!({ "text": "a record" }));
    assert_eq!(
        first.ready["data_dir"].as_str().map(Path::new),
        Some(&*data.canonicalize().unwrap())
    );
    assert!(body(&first).await.ends_with("a record"));
    let pasted = format!("curl http://{}/?try", first.http());
    assert!(
        first.ready_line().contains(&pasted),
        "{}",
        first.ready_line()
    );
    first.signal("TERM").await;
    assert_eq!(first.ended().await.code, Some(0));
    assert_eq!(files(&data), ["keeper.txt", "opened"]);

    let mut again = program("keeper").args(flags).ready().await;
    assert_eq!(again.ready["first_record"], Value::Null);
    assert!(body(&again).await.ends_with("a record"));
    again.signal("TERM").await;
    assert_eq!(again.ended().await.code, Some(0));
}

#[tokio::test]
async fn the_data_lies_in_the_working_folder_unless_said_otherwise() {
    let running = program("keeper").ready().await;
    assert_eq!(
        files(&running.folder.join(".msf")),
        ["keeper.txt", "opened"]
    );
    let settings = program("keeper").args(["config"]).end().await.stdout;
    assert!(settings.contains("data_dir = \".msf\""), "{settings}");
}

#[tokio::test]
async fn an_ephemeral_folder_is_gone_with_its_process() {
    let mut running = program("keeper").args(["--ephemeral"]).ready().await;
    let data = PathBuf::from(running.ready["data_dir"].as_str().unwrap());
    assert!(data.join("keeper.txt").exists());
    let working = running.folder.clone();
    running.signal("TERM").await;
    assert_eq!(running.ended().await.code, Some(0));
    assert!(!data.exists());
    assert!(!working.join(".msf").exists());
    let both = program("keeper")
        .args(["--ephemeral", "--data-dir", "x"])
        .end()
        .await;
    assert_eq!(both.code, Some(i32::from(Exit::Usage.code())));
}

#[tokio::test]
async fn an_app_without_a_store_has_no_data_folder() {
    let running = program("plain").ready().await;
    assert_eq!(running.ready["data_dir"], Value::Null);
    assert!(!running.folder.join(".msf").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_says_how_to_name_another() {
    let ended = program("keeper")
        .file("taken", "")
        .args(["--data-dir", "taken/data"])
        .end()
        .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("--data-dir"), "{ended:?}");
}

#[tokio::test]
async fn nothing_is_announced_to_a_file_that_cannot_be_written() {
    let start = program("keeper");
    let data = start.folder.join(".msf");
    let ended = start
        .args(["--ready-file", "no/such/folder/ready.json"])
        .end()
        .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("no/such/folder/ready.json"),
        "{ended:?}"
    );
    // The first record, which is announced once, is still to be made.
    assert!(!data.join("keeper.txt").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_reads_the_ready_file_and_a_failed_start_leaves_none() {
    use std::os::unix::fs::PermissionsExt as _;
    let running = program("keeper").ready().await;
    let file = running.folder.join("ready.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let start = program("keeper");
    let folder = start.folder.clone();
    let ended = start
        .args(["--set", "record=fail", "--ready-file", "ready.json"])
        .end()
        .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(files(&folder), [".msf"]);
}

#[tokio::test]
async fn work_that_fails_or_panics_ends_the_start_before_anybody_is_answered() {
    for (record, told) in [
        ("fail", "`keeper` cannot start: the disk is on fire"),
        ("panic", "`keeper` cannot start: it panicked"),
    ] {
        let set = format!("record={record}");
        let ended = program("keeper")
            .args(["--ephemeral", "--set", &set, "--ready-file", "ready.json"])
            .end()
            .await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
}

#[tokio::test]
async fn to_look_at_an_app_leaves_no_trace_of_it() {
    for command in [&["access"][..], &["config", "--check"], &["config"]] {
        let start = program("keeper");
        let working = start.folder.clone();
        let ended = start.args(command.iter().copied()).end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!working.join(".msf").exists(), "{command:?}");
    }
}

#[tokio::test]
async fn migrate_opens_the_stores_and_ends() {
    let start = program("keeper");
    let data = start.folder.join(".msf");
    let ended = start.args(["migrate"]).end().await;
    assert_eq!(
        (ended.code, &*ended.stdout),
        (Some(0), "the stores are up to date\n")
    );
    assert_eq!(files(&data), ["opened"]);
}

#[tokio::test]
async fn a_setting_that_an_app_refuses_is_a_mistake_like_any_other() {
    for command in [&["run"][..], &["config", "--check"], &["migrate"]] {
        let ended = program("keeper")
            .args(command.iter().copied())
            .args(["--set", "profile=prod"])
            .end()
            .await;
        assert_eq!(ended.code, Some(78), "{command:?} {ended:?}");
        let told = "error: `keys`: is not set\n  = help: name the folder with the keys\n";
        assert!(ended.stderr.contains(told), "{ended:?}");
        assert!(
            ended
                .stderr
                .contains("1 mistake in the settings of `keeper`"),
            "{ended:?}"
        );
    }
    let both = program("both").args(["--set", "profile=prod"]).end().await;
    assert_eq!(both.code, Some(78), "{both:?}");
    assert!(both.stderr.contains("error: `second.keys`"), "{both:?}");
    assert!(
        both.stderr
            .contains("2 mistakes in the settings of `keeper`"),
        "{both:?}"
    );
}
