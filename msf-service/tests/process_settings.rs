//! Settings of a real process: where they come from, what is said of mistakes, and that no secret is ever shown.

mod process;

use std::collections::BTreeMap;
use std::net::TcpListener;

use futures_util::future::join_all;
use msf_service::http::Routes;
use msf_service::settings::{Secret, Settings};
use msf_service::{App, Boot, Host, Info, Rule, tracing};
use process::{Ended, Start, ask, become_program, get, program, read};
use serde_json::Value;

/// The program of these tests.
#[derive(Debug, Settings)]
struct Config {
    /// First word of every answer.
    #[setting(default = "Hello")]
    greeting: String,
    /// How many tellers there are.
    #[setting(default = 4)]
    tellers: u16,
    /// What opens the vault.
    #[setting(secret)]
    password: Secret,
}

async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    tracing::info!(config = ?boot.config, password = %boot.config.password, tellers = boot.config.tellers, "open");
    let greeting = boot.config.greeting;
    let public = Rule::public("a test");
    Ok(App::new().http(Routes::new().get("/", public, async move || greeting)))
}

#[test]
fn entry() {
    become_program(|_, arguments, variables| {
        Host::alone(Info::new("teller", "1.2.3"), app).run_with(arguments, variables)
    });
}

/// With the one setting that has no default.
fn teller() -> Start {
    program("teller").env("TELLER__PASSWORD", "xyzzy")
}

/// A mistake: its name, how to make it, and what must be said of it.
type Row = (&'static str, fn(Start) -> Start, &'static [&'static str]);

const MISTAKES: [Row; 10] = [
    (
        "unknown key in the file",
        |start| with_file(start, "# a comment\ngreetin = \"Hi\"\n"),
        &["`greetin`", "teller.toml:2:1", "`greeting`"],
    ),
    (
        "unknown key in a section",
        |start| with_file(start, "[http]\nlissen = \"127.0.0.1:0\"\n"),
        &["`http.lissen`", "teller.toml:2:1", "`http.listen`"],
    ),
    (
        "wrong type in the file",
        |start| with_file(start, "tellers = \"many\"\n"),
        &["`tellers`", "teller.toml:1:11", "found text"],
    ),
    (
        "wrong type in a variable",
        |start| start.env("TELLER__TELLERS", "many"),
        &["`tellers`", "TELLER__TELLERS", "expected"],
    ),
    (
        "missing secret",
        |start| start.env("TELLER__PASSWORD", ""),
        &["`password`", "TELLER__PASSWORD"],
    ),
    (
        "unreadable file",
        |start| start.args(["--config", "nowhere.toml"]),
        &["nowhere.toml", "No such file"],
    ),
    (
        "a file that is no TOML",
        |start| with_file(start, "greeting = \"Hi\"\ntellers = = 3\n"),
        &["teller.toml:2:"],
    ),
    (
        "bad name in the environment",
        |start| start.env("TELLER__GREETNG", "Hi"),
        &["TELLER__GREETNG", "TELLER__GREETING"],
    ),
    (
        "bad name with --set",
        |start| start.args(["--set", "log.levle=info"]),
        &["`log.levle`", "--set", "`log.level`"],
    ),
    (
        "two mistakes in two sources",
        |start| with_file(start, "greetin = \"Hi\"\n").env("TELLER__TELLERS", "-1"),
        &[
            "teller.toml:1:1",
            "`greeting`",
            "TELLER__TELLERS",
            "2 mistakes",
        ],
    ),
];

fn with_file(start: Start, text: &str) -> Start {
    start
        .file("teller.toml", text)
        .args(["--config", "teller.toml"])
}

/// Each mistake twice: to a run, whose port is taken so that opening it would fail otherwise, and to `config --check`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mistake_is_named_before_a_socket_is_opened() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let rows = MISTAKES.iter().map(async |(name, make, words)| {
        let ran = make(teller()).args(["--listen", &address]).end().await;
        let checked = make(teller()).args(["config", "--check"]).end().await;
        (name, words, ran, checked)
    });
    let mut wrong = Vec::new();
    for (name, words, ran, checked) in join_all(rows).await {
        println!("--- {name}: exit code {:?}\n{}", ran.code, ran.stderr);
        let missing = |ended: &Ended| words.iter().any(|word| !ended.stderr.contains(word));
        if missing(&ran) || missing(&checked) || (ran.code, checked.code) != (Some(78), Some(78)) {
            wrong.push((name, words, checked));
        }
        assert_eq!(ran.stdout, "", "{name}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_set_nowhere_is_missed() {
    let ended = program("teller").end().await;
    println!("{}", ended.stderr);
    assert_eq!(ended.code, Some(78));
    for word in [
        "missing key `password`",
        "TELLER__PASSWORD",
        "--set password=VALUE",
    ] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_and_a_wrong_command_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = teller().args(["--listen", &address]).end().await;
    println!(
        "--- port in use: exit code {:?}\n{}",
        ended.code, ended.stderr
    );
    assert_eq!(ended.code, Some(1));
    for word in [&*address, "in use", "--listen 127.0.0.1:0", "ss -ltnp"] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
    let ended = teller().args(["--lisen", "127.0.0.1:0"]).end().await;
    println!("--- usage: exit code {:?}\n{}", ended.code, ended.stderr);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--listen"), "{}", ended.stderr);
    let ended = teller()
        .args(["--ready-file", "/nowhere/ready.json"])
        .args(["--listen", "127.0.0.1:0"])
        .end()
        .await;
    println!(
        "--- ready file: exit code {:?}\n{}",
        ended.code, ended.stderr
    );
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("/nowhere/ready.json"),
        "{}",
        ended.stderr
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_never_shown() {
    const PLANTED: &str = "correct-horse-battery";
    let all = |ended: &Ended| format!("{}{}", ended.stdout, ended.stderr);
    let file = &format!("password = \"{PLANTED}\"\n");
    let variable = &format!("TELLER__PASSWORD={PLANTED}\n");
    let flag = &format!("password={PLANTED}");
    let sources: [(&str, Start); 4] = [
        ("file", with_file(program("teller"), file)),
        (".env", program("teller").file(".env", variable)),
        (
            "variable",
            program("teller").env("TELLER__PASSWORD", PLANTED),
        ),
        ("--set", program("teller").args(["--set", flag])),
    ];
    let mut looked_at = 0;
    for (source, start) in sources {
        let mut process = start.args(["--set", "log.level=trace"]).ready().await;
        let admin = process.admin();
        let mut seen = get(process.http(), "/").await.1;
        for page in [
            "/",
            "/config",
            "/access",
            "/metrics",
            "/healthz",
            "/log-level",
        ] {
            for accept in ["text/plain", "application/json", "text/html"] {
                let header = format!("accept: {accept}\r\n");
                seen += &ask(admin, "GET", page, &header, "").await.1;
            }
        }
        seen += &read(&process.folder, "ready.json");
        process.signal("TERM").await;
        let ended = process.ended().await;
        seen += &all(&ended);
        assert!(ended.stdout.contains("[secret]"), "{source}: {ended:?}");
        assert!(!seen.contains(PLANTED), "{source}: {seen}");
        looked_at += seen.len();
    }
    // Where it was put in a wrong place, or beside a mistake, or is what is wrong.
    let misplaced = format!("pasword = \"{PLANTED}\"\ngreetin = 1\n");
    let table = format!("password = [\"{PLANTED}\"]\n");
    let broken = format!("password = \"{PLANTED}\n");
    let starts = [
        with_file(teller(), &misplaced),
        with_file(program("teller"), &table),
        with_file(program("teller"), &broken),
        teller().env("TELLER__PASWORD", PLANTED),
        teller().args(["--set", &format!("pasword={PLANTED}")]),
        teller().args(["--set", PLANTED]),
        teller().file(".env", &format!("TELLER__PASWORD={PLANTED}\n")),
    ];
    for start in starts {
        let ended = start.end().await;
        assert_eq!(ended.code, Some(78), "{ended:?}");
        assert!(!all(&ended).contains(PLANTED), "{ended:?}");
        looked_at += all(&ended).len();
    }
    for command in [
        &["config"][..],
        &["config", "--format", "json"],
        &["config", "--defaults"],
        &["access"],
        &["check"],
    ] {
        let start = program("teller").env("TELLER__PASSWORD", PLANTED);
        let ended = start.args(command.iter().copied()).end().await;
        assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
        assert!(!all(&ended).contains(PLANTED), "{command:?}: {ended:?}");
        looked_at += all(&ended).len();
    }
    println!("no trace of the planted secret in {looked_at} bytes of output");
}

/// The settings as `config --format json` shows them: value and source by key.
async fn config(start: Start) -> BTreeMap<String, (Value, String)> {
    let ended = start.args(["config", "--format", "json"]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let list: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let entry = |entry: Value| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        (text("key"), (entry["value"].clone(), text("source")))
    };
    list.into_iter().map(entry).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_source_wins_over_an_earlier() {
    let file = |start| with_file(start, "greeting = \"file\"\n");
    let dotenv = |start: Start| start.file(".env", "TELLER__GREETING=dotenv\n");
    let variable = |start: Start| start.env("TELLER__GREETING", "variable");
    let flag = |start: Start| start.args(["--set", "greeting=flag"]);
    let rows = [
        (teller(), "Hello", "default"),
        (file(teller()), "file", "teller.toml:1:12"),
        (dotenv(file(teller())), "dotenv", ".env:1 TELLER__GREETING"),
        (
            variable(dotenv(file(teller()))),
            "variable",
            "environment variable TELLER__GREETING",
        ),
        (flag(variable(dotenv(file(teller())))), "flag", "--set"),
    ];
    for (start, value, source) in rows {
        let found = config(start).await;
        println!(
            "greeting = {} # {}",
            found["greeting"].0, found["greeting"].1
        );
        assert_eq!(found["greeting"], (value.into(), source.to_owned()));
    }
    let process = flag(variable(dotenv(file(teller())))).ready().await;
    assert_eq!(get(process.http(), "/").await.1, "flag");
    let page = ask(
        process.admin(),
        "GET",
        "/config",
        "accept: text/plain\r\n",
        "",
    )
    .await
    .1;
    assert!(page.contains("greeting = \"flag\" # --set"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_defaults_load_back_without_a_change() {
    let plain = config(teller()).await;
    let default = |value: &str| (Value::from(value), "default".to_owned());
    assert_eq!(plain["http.listen"], default("127.0.0.1:8080"));
    assert_eq!(plain["admin.listen"], default("127.0.0.1:9080"));
    assert!(plain["limits.in_flight"].0.as_u64().unwrap() >= 64);
    assert_eq!(plain["password"].1, "environment variable TELLER__PASSWORD");

    let prod = config(teller().args(["--set", "profile=prod"])).await;
    assert_eq!(prod["http.listen"], default("0.0.0.0:8080"));
    let moved = config(teller().args(["--listen", "127.0.0.1:7000"])).await;
    assert_eq!(
        moved["http.listen"],
        ("127.0.0.1:7000".into(), "--listen".to_owned())
    );
    assert_eq!(moved["admin.listen"], default("127.0.0.1:8000"));

    let defaults = teller().args(["config", "--defaults"]).end().await;
    assert_eq!(defaults.code, Some(0));
    println!("{}", defaults.stdout);
    let loaded = config(with_file(teller(), &defaults.stdout)).await;
    let values = |all: &BTreeMap<String, (Value, String)>| -> Vec<(String, Value)> {
        all.iter()
            .map(|(key, (value, _))| (key.clone(), value.clone()))
            .collect()
    };
    assert_eq!(values(&loaded), values(&plain));
    assert!(
        plain.keys().all(
            |key| key == "clients" || defaults.stdout.contains(key.rsplit('.').next().unwrap())
        )
    );

    // The effective settings are TOML themselves.
    let effective = teller().args(["config"]).end().await;
    println!("{}", effective.stdout);
    let without_secret = effective
        .stdout
        .lines()
        .filter(|line| !line.starts_with("password"));
    let text = without_secret.collect::<Vec<_>>().join("\n");
    assert_eq!(
        values(&config(with_file(teller(), &text)).await),
        values(&plain)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_only_tell() {
    let version = program("teller").args(["version"]).end().await;
    assert_eq!(
        (version.code, &*version.stdout),
        (Some(0), "teller 1.2.3\n")
    );
    let check = teller().args(["check"]).end().await;
    assert_eq!(check.code, Some(0), "{check:?}");
    let reports: Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!(reports[0]["status"], "OK");

    let access = teller().args(["access", "--format", "json"]).end().await;
    let rows: Vec<Value> = serde_json::from_str(&access.stdout).unwrap();
    let row = rows.iter().find(|row| row["path"] == "/").unwrap();
    let expected = serde_json::json!({
        "service": "teller", "kind": "route", "method": "GET", "path": "/", "rule": row["rule"]
    });
    assert_eq!(*row, expected);
    assert!(row["rule"].as_str().unwrap().contains("a test"), "{row}");

    for help in [
        &["--help"][..],
        &["help"],
        &["run", "--help"],
        &["config", "--help"],
        &["access", "--help"],
    ] {
        let ended = program("teller").args(help.iter().copied()).end().await;
        let (columns, lines) = (
            ended
                .stdout
                .lines()
                .map(|line| line.chars().count())
                .max()
                .unwrap(),
            ended.stdout.lines().count(),
        );
        println!(
            "{help:?}: {columns} columns, {lines} lines, exit code {:?}",
            ended.code
        );
        assert!(columns <= 80 && lines <= 40, "{}", ended.stdout);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    }
}
