//! The first start and the next: where the data lies, who is admin, what production asks for, how fast and how small it is.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::client::Client;
use support::process::Process;
use support::{PASSWORD, fresh_email};

async fn role(client: &Client, email: &str, password: &str) -> Option<String> {
    let begun = client.login(email, password).await.unwrap();
    if begun.status != 200 {
        assert_eq!(begun.status, 401, "{begun:?}");
        return None;
    }
    let token = begun.member("access_token");
    let me = client
        .send("GET", "/api/v1/me", Some(&token), None)
        .await
        .unwrap();
    Some(me.member("role"))
}

fn nobody_is_admin(folder: &Path) {
    let store = folder.join("data/user-service.db");
    let store = msf_service::store::sqlite::rusqlite::Connection::open(store).unwrap();
    let sql = "UPDATE users SET role = 'user', version = version + 1 WHERE role = 'admin'";
    assert_eq!(store.execute(sql, []).unwrap(), 1);
}

/// Resident memory of a process in MiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_an_admin_and_tells_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path()).await;
    let client = Client::new(first.http());
    let answer = client.send("GET", "/healthz", None, None).await.unwrap();
    assert_eq!(
        (answer.status, answer.member("status").as_str()),
        (200, "OK")
    );
    println!("ready after {:?}, {} MiB", first.took, memory(first.pid()));
    let admin = first.ready["first_admin"].clone();
    let (email, password) = (
        admin["email"].as_str().unwrap(),
        admin["password"].as_str().unwrap(),
    );
    assert_eq!(
        role(&client, email, password).await.as_deref(),
        Some("admin")
    );
    assert_eq!(
        first.ready["data_dir"].as_str().map(Path::new),
        Some(&*folder.path().join("data").canonicalize().unwrap())
    );
    let names: Vec<_> = first.ready["services"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        names,
        [
            "api-gateway",
            "auth-service",
            "email-service",
            "product-service",
            "user-service"
        ]
    );
    assert_eq!(first.stop().await, Some(0));
    // Each file is whole after an orderly stop: what is copied then needs nothing beside it.
    let left = std::fs::read_dir(folder.path().join("data")).unwrap();
    let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
    assert!(left.iter().any(|name| name == "bus.db"), "{left:?}");
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().ends_with("-wal")),
        "{left:?}"
    );

    let second = Process::start(folder.path()).await;
    assert_eq!(second.ready["first_admin"], Value::Null);
    let client = Client::new(second.http());
    assert_eq!(
        role(&client, email, password).await.as_deref(),
        Some("admin")
    );
    assert_eq!(second.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_that_is_set_takes_the_account_over_that_somebody_registered() {
    let folder = tempfile::tempdir().unwrap();
    let email = "boss@example.com";
    let shop = Process::start(folder.path()).await;
    let client = Client::new(shop.http());
    assert_eq!(
        client
            .register(email, "squatter's password")
            .await
            .unwrap()
            .status,
        201
    );
    assert_eq!(
        role(&client, email, "squatter's password").await.as_deref(),
        Some("user")
    );
    let session = client
        .login(email, "squatter's password")
        .await
        .unwrap()
        .member("refresh_token");
    shop.kill().await;

    // The way back in of whoever owns the file: nobody is admin.
    nobody_is_admin(folder.path());
    let set = [
        "--set",
        "user-service.auth.first_admin.email=boss@example.com",
        "--set",
        "user-service.auth.first_admin.password=the boss's own",
    ];
    let shop = Process::start_with(folder.path(), &set).await;
    let client = Client::new(shop.http());
    assert_eq!(role(&client, email, "squatter's password").await, None);
    assert_eq!(
        role(&client, email, "the boss's own").await.as_deref(),
        Some("admin")
    );
    assert_eq!(shop.ready["first_admin"], Value::Null);
    // Nor does the squatter's session become the admin's.
    let refused = client.refresh(&session).await.unwrap();
    assert_eq!(refused.status, 401, "{refused:?}");
    // While there is an admin, the setting is not looked at: neither for that one nor for another.
    let other = "somebody@example.com";
    assert_eq!(client.register(other, PASSWORD).await.unwrap().status, 201);
    shop.kill().await;
    let somebody = format!("user-service.auth.first_admin.email={other}");
    let password = "user-service.auth.first_admin.password=another one";
    for email in [set[1], &somebody] {
        let set = ["--set", email, "--set", password];
        let shop = Process::start_with(folder.path(), &set).await;
        let client = Client::new(shop.http());
        for email in ["boss@example.com", other] {
            assert_eq!(role(&client, email, "another one").await, None);
        }
        assert_eq!(
            role(&client, other, PASSWORD).await.as_deref(),
            Some("user")
        );
        assert_eq!(shop.stop().await, Some(0));
    }
    let shop = Process::start(folder.path()).await;
    let client = Client::new(shop.http());
    assert_eq!(
        role(&client, email, "the boss's own").await.as_deref(),
        Some("admin")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_as_admin() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Process::start(folder.path()).await;
    let client = Client::new(shop.http());
    for wanted in ["admin", "Admin", "root", " user", ""] {
        let body = serde_json::json!({ "name": "Ana", "email": fresh_email(), "password": PASSWORD, "role": wanted });
        let refused = client
            .send("POST", "/api/v1/register", None, Some(body))
            .await
            .unwrap();
        assert_eq!(refused.status, 403, "{wanted}: {refused:?}");
    }
    let email = fresh_email();
    let body =
        serde_json::json!({ "name": "Ana", "email": email, "password": PASSWORD, "role": "user" });
    let registered = client
        .send("POST", "/api/v1/register", None, Some(body))
        .await
        .unwrap();
    assert_eq!(registered.status, 201);
    assert_eq!(
        role(&client, &email, PASSWORD).await.as_deref(),
        Some("user")
    );
}

#[test]
fn production_generates_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        let command = command
            .args(arguments)
            .current_dir(folder.path())
            .env_clear();
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for command in [
        &["config", "--check", "--set", "profile=prod"][..],
        &["--set", "profile=prod"],
    ] {
        let (code, told) = run(command);
        assert_eq!(code, Some(78), "{told}");
        for key in ["api-gateway.auth.keys", "auth-service.auth.keys"] {
            assert!(
                told.contains(&format!("error: `{key}`: is not set")),
                "{told}"
            );
        }
    }
    let _ = std::fs::remove_dir_all(folder.path().join(".msf"));
    let half = [
        "config",
        "--check",
        "--set",
        "user-service.auth.first_admin.password=correct horse",
    ];
    let (code, told) = run(&half);
    assert_eq!(code, Some(78), "{told}");
    assert!(
        told.contains("`user-service.auth.first_admin.email`: is not set"),
        "{told}"
    );
    assert!(!told.contains("correct horse"), "{told}");
    for (set, key) in [
        (
            "user-service.auth.first_admin.email=boss",
            "user-service.auth.first_admin.email",
        ),
        (
            "auth-service.auth.login_failures=0",
            "auth-service.auth.login_failures",
        ),
        ("email-service.mail.from=shop", "email-service.mail.from"),
        (
            "email-service.mail.backend=pigeon",
            "email-service.mail.backend",
        ),
        (
            "api-gateway.clients.user-service.url=ftp",
            "api-gateway.clients.user-service.url",
        ),
    ] {
        let (code, told) = run(&["config", "--check", "--set", set]);
        assert_eq!(code, Some(78), "{told}");
        assert!(told.contains(&format!("error: `{key}`: ")), "{told}");
    }
    let short = [
        "config",
        "--check",
        "--set",
        "user-service.auth.first_admin.email=boss@example.com",
        "--set",
        "user-service.auth.first_admin.password=sh0rt!!",
    ];
    let (code, told) = run(&short);
    assert_eq!(code, Some(78), "{told}");
    assert!(
        told.contains("`user-service.auth.first_admin.password`: must have at least 8"),
        "{told}"
    );
    assert!(!told.contains("sh0rt"), "{told}");
    // Keys are neither generated in `prod` nor made by a look at the settings.
    for (profile, wanted) in [("prod", Some(78)), ("dev", Some(0))] {
        let profile = format!("profile={profile}");
        let keys = [
            "api-gateway.auth.keys=keys-a",
            "auth-service.auth.keys=keys-b",
        ];
        let check = [
            "config", "--check", "--set", &profile, "--set", keys[0], "--set", keys[1],
        ];
        let (code, told) = run(&check);
        assert_eq!(code, wanted, "{told}");
        assert!(!folder.path().join("keys-a").exists() && !folder.path().join("keys-b").exists());
    }
    assert!(
        !folder.path().join(".msf").exists(),
        "a look at the settings left data"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_logins_are_bounded_for_each_account() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Process::start(folder.path()).await;
    let client = Client::new(shop.http());
    let (somebody, other) = (fresh_email(), fresh_email());
    for email in [&somebody, &other] {
        assert_eq!(client.register(email, PASSWORD).await.unwrap().status, 201);
    }
    // Unknown accounts are bounded alike: the bound does not tell who exists.
    for email in [&somebody, &fresh_email()] {
        let mut statuses = Vec::new();
        for _ in 0..12 {
            let answer = client
                .login(&email.to_uppercase(), "a wrong password")
                .await
                .unwrap();
            if answer.status == 429 {
                let wait: u64 = answer.headers["retry-after"]
                    .to_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                assert!((1..=60).contains(&wait), "{wait}");
            }
            statuses.push(answer.status);
        }
        assert_eq!(statuses, [vec![401; 10], vec![429; 2]].concat());
    }
    // Not even the right password goes on, and nobody else is concerned.
    assert_eq!(client.login(&somebody, PASSWORD).await.unwrap().status, 429);
    assert_eq!(client.login(&other, PASSWORD).await.unwrap().status, 200);
}
