//! Several apps in one process: a table of the file and a prefix of the environment for each.

use msf_core::settings::{MistakeKind, Mistakes, Settings, Sources};

use crate::config::{Config, Framework, kinds, source};

/// What the process itself reads.
#[derive(Debug, Settings)]
#[settings(crate = "msf_core::settings")]
struct Process {
    #[setting(default = "info")]
    level: String,
}

const FILE: &str = "
level = 'debug'

[user-service]
greeting = 'users'
api_key = 'k3y'

[user-service.http]
listen = '127.0.0.1:8082'

[auth-service]
api_key = 'k3y'
";

fn shop(file: &str) -> Sources {
    Sources::for_app("shop")
        .with_apps(["user-service", "auth-service"])
        .file_text("shop.toml", file)
}

fn all(sources: &Sources) -> Option<Mistakes> {
    let mut found: Option<Mistakes> = sources.load::<Process>().err();
    for app in ["user-service", "auth-service"] {
        if let Err(mistakes) = sources.app(app).load::<(Framework, Config)>() {
            match &mut found {
                Some(found) => found.extend(mistakes),
                None => found = Some(mistakes),
            }
        }
    }
    found
}

#[test]
fn each_app_reads_its_table_its_variables_and_its_flags() {
    let sources = shop(FILE)
        .env([
            ("SHOP__LEVEL", "warn"),
            ("USER_SERVICE__SHARE", "0.1"),
            ("AUTH_SERVICE__GREETING", "auth"),
        ])
        .set("auth-service.http.listen", "127.0.0.1:0", "--listen");
    assert_eq!(sources.load::<Process>().unwrap().value.level, "warn");

    let users = sources
        .app("user-service")
        .load::<(Framework, Config)>()
        .unwrap();
    assert_eq!(users.value.0.http.listen.port(), 8082);
    assert_eq!(users.value.1.greeting, "users");
    assert_eq!(
        source(&users.effective, "user-service.share"),
        "environment variable USER_SERVICE__SHARE"
    );
    assert_eq!(
        source(&users.effective, "user-service.http.listen"),
        "shop.toml:9:10"
    );

    let auth = sources
        .app("auth-service")
        .load::<(Framework, Config)>()
        .unwrap();
    assert_eq!(auth.value.0.http.listen.port(), 0);
    assert_eq!(auth.value.1.greeting, "auth");
    assert_eq!(
        source(&auth.effective, "auth-service.http.listen"),
        "--listen"
    );
}

#[test]
fn the_mistakes_of_all_apps_are_one_list() {
    let file =
        "levle = 1\n[user-service]\ngretting = 1\n[auth-servce]\n[auth-service]\nhttp.listen = 1\n";
    let sources = shop(file)
        .env([
            ("SHOP__USER_SERVICE__SHARE", "s3cret"),
            ("AUTH_SERVICE__SHARE", "s3cret"),
        ])
        .set_argument("usr-service.greeting=s3cret")
        .set_argument("user-service.tag=s3cret")
        .set_argument("s3cret");
    let found = all(&sources).unwrap();
    let about: Vec<_> = found
        .iter()
        .map(|mistake| (mistake.kind(), mistake.key().unwrap_or_default()))
        .collect();
    assert_eq!(
        about,
        [
            (MistakeKind::Syntax, ""),
            (MistakeKind::UnknownKey, "levle"),
            (MistakeKind::UnknownKey, "auth-servce"),
            (MistakeKind::BadName, "SHOP__USER_SERVICE__SHARE"),
            (MistakeKind::UnknownKey, "usr-service.greeting"),
            (MistakeKind::UnknownKey, "user-service.gretting"),
            (MistakeKind::UnknownKey, "user-service.tag"),
            (MistakeKind::Missing, "user-service.api_key"),
            (MistakeKind::WrongType, "auth-service.http.listen"),
            (MistakeKind::Missing, "auth-service.api_key"),
            (MistakeKind::WrongType, "auth-service.share"),
        ],
        "{found}"
    );
    let text = found.to_string();
    for expected in [
        "did you mean the app `auth-service`?",
        "did you mean `USER_SERVICE__SHARE`?",
        "did you mean the app `user-service`?",
        "did you mean `user-service.greeting`?",
        "did you mean `user-service.tags`?",
        "or the variable AUTH_SERVICE__API_KEY, or pass `--set auth-service.api_key=VALUE`",
        "11 mistakes in the settings of `shop`\nhelp: run `shop config`",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn what_is_wrong_with_the_file_is_said_once() {
    let found = all(&shop("level = = 1")).unwrap();
    assert_eq!(kinds(&found), [MistakeKind::Syntax], "{found}");

    let found = all(&shop("user-service = 1\n[auth-service]\napi_key = 'k3y'")).unwrap();
    assert_eq!(kinds(&found), [MistakeKind::WrongType], "{found}");
}
