//! Every kind of mistake, as the user reads it.

use std::path::Path;

use msf_core::settings::{EXIT_CODE, MistakeKind, Settings, Sources};

use crate::config::{Config, Framework, hello, kinds, mistakes, only};

fn file(text: &str) -> Sources {
    hello().file_text("hello.toml", text)
}

fn variable(name: &str, value: &str) -> Sources {
    hello().env([(name, value)])
}

#[test]
fn an_unknown_key_of_a_file_names_the_nearest() {
    assert_eq!(
        only(&file(
            "greeting = 'x'\n[limits]\n  body_ = \"s3cret\" # note"
        )),
        "\
error: unknown key `limits.body_`
 --> hello.toml:3:3
  |
3 | body_ …
  | ^^^^^
  = help: did you mean `limits.body`?"
    );
    assert!(only(&file("listen = '127.0.0.1:1'")).contains("did you mean `http.listen`?"));
    assert!(only(&file("[htpt]\nlisten = '127.0.0.1:1'")).contains("did you mean `http`?"));
    assert!(
        only(&file("[limits]\ncolour = 1"))
            .contains("the keys here are `header_time`, `deadline`, `body`, `in_flight`")
    );
    assert!(
        only(&file("[clients.a]\nurl = 'x'\natempts = 1"))
            .contains("did you mean `clients.a.attempts`?")
    );
}

#[test]
fn a_wrong_type_in_a_file_marks_the_value() {
    assert_eq!(
        only(&file("[limits]\nin_flight = \"80\" # per socket")),
        "\
error: `limits.in_flight`: expected a whole number from 0 to 65535, found text
 --> hello.toml:2:13
  |
2 | in_flight = \"80\"
  |             ^^^^"
    );
    for (text, expected) in [
        (
            "limits.in_flight = 70000",
            "expected a whole number from 0 to 65535, found a number out of range",
        ),
        ("limits.in_flight = -1", "found a number out of range"),
        ("limits.in_flight = 1.5", "found a number with a fraction"),
        (
            "limits.in_flight = 99999999999999999999999999999999999999999999",
            "found a number out of range",
        ),
        ("greeting = 1", "expected text, found a whole number"),
        ("greeting = true", "found `true` or `false`"),
        (
            "greeting = 2026-11-23",
            "found a date or time without quotes",
        ),
        ("greeting = ['a']", "found a list"),
        ("greeting = {a = 1}", "found a section"),
        (
            "limits = 5",
            "`limits`: expected a section with the keys `header_time`, `deadline`, `body`, `in_flight`, found a whole number",
        ),
        (
            "clients = 5",
            "`clients`: expected a section of names, each a section with the keys `url`, `attempts`, found a whole number",
        ),
        ("tags = 'a'", "expected a list, each item text, found text"),
        (
            "tags = ['a', 1]",
            "`tags`: expected text, found a whole number",
        ),
        (
            "limits.deadline = '10 s'",
            "expected a duration such as `10s`, `250ms` or `1m30s`, found other text",
        ),
        ("limits.deadline = ''", "found an empty text"),
        ("limits.deadline = 10", "found a whole number"),
        ("mirror = [{}]", "found a list of sections"),
    ] {
        let shown = only(&file(text));
        assert!(shown.contains(expected), "{text}: {shown}");
        assert!(shown.contains("hello.toml:1:"), "{shown}");
    }
}

#[test]
fn a_variable_is_named_in_full_and_its_value_is_not_shown() {
    assert_eq!(
        only(&variable("HELLO__LIMITS__IN_FLIGHT", "s3cret-pasted-here")),
        "error: `limits.in_flight`: expected a whole number from 0 to 65535, found other text
  --> environment variable HELLO__LIMITS__IN_FLIGHT"
            .replace("\n  -->", "\n -->")
    );
    for value in ["s3cret-pasted-here", ""] {
        let shown = only(&file("limits.in_flight = 1").env([("HELLO__LIMITS__IN_FLIGHT", value)]));
        assert!(shown.contains("= also set in: hello.toml:1:20"), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn a_bad_name_of_a_variable_is_not_ignored() {
    for (name, kind, expected) in [
        (
            "HELLO__HTTP_LISTEN",
            MistakeKind::BadName,
            "did you mean `HELLO__HTTP__LISTEN`?",
        ),
        (
            "HELLO__LIMITS__IN__FLIGHT",
            MistakeKind::BadName,
            "did you mean `HELLO__LIMITS__IN_FLIGHT`?",
        ),
        (
            "HELLO____GREETING",
            MistakeKind::BadName,
            "did you mean `HELLO__GREETING`?",
        ),
        (
            "hello__greeting",
            MistakeKind::BadName,
            "variables are upper case\n --> environment variable hello__greeting\n  = help: did you mean `HELLO__GREETING`?",
        ),
        ("HELLO__", MistakeKind::BadName, "the keys here are `http`"),
        (
            "HELLO__GREETNIG",
            MistakeKind::UnknownKey,
            "did you mean `HELLO__GREETING`?",
        ),
        (
            "HELLO__HTTP__LISEN",
            MistakeKind::UnknownKey,
            "did you mean `HELLO__HTTP__LISTEN`?",
        ),
        (
            "HELLO__GREETING__X",
            MistakeKind::UnknownKey,
            "`HELLO__GREETING__X` names no setting",
        ),
        (
            "HELLO__HTTP",
            MistakeKind::WrongType,
            "expected a section with the keys `listen`, found text",
        ),
    ] {
        let found = mistakes(&variable(name, "s3cret"));
        assert_eq!(kinds(&found), [kind], "{found}");
        assert!(found.to_string().contains(expected), "{name}: {found}");
        assert!(!found.to_string().contains("s3cret"), "{found}");
    }
}

#[test]
fn a_missing_key_says_how_to_set_it() {
    let sources = Sources::for_app("hello").file_text("config/dev.toml", "[clients.user-service]");
    let found = mistakes(&sources);
    assert_eq!(
        found.to_string(),
        "\
error: missing key `api_key`: expected text that is kept secret
  = help: set `api_key` in config/dev.toml, or the variable HELLO__API_KEY, or pass `--set api_key=VALUE`

error: missing key `clients.user-service.url`: expected text
  = help: set `clients.user-service.url` in config/dev.toml, or the variable HELLO__CLIENTS__USER_SERVICE__URL, or pass `--set clients.user-service.url=VALUE`

2 mistakes in the settings of `hello`
help: run `hello config` for every key, its default and where its value came from"
    );
    assert_eq!(kinds(&found), [MistakeKind::Missing; 2]);
    assert_eq!(
        found.iter().next().and_then(|mistake| mistake.key()),
        Some("api_key")
    );
    // What was misspelt is not missing as well: mending the one mends the other.
    assert_eq!(
        kinds(&mistakes(
            &Sources::for_app("hello").set("api_kye", "x", "--set")
        )),
        [MistakeKind::UnknownKey]
    );
    assert_eq!(
        kinds(&mistakes(
            &Sources::for_app("hello").env([("hello__api_key", "x")])
        )),
        [MistakeKind::BadName]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_said_once_and_alone() {
    let found = mistakes(&Sources::for_app("hello").file("/no/such/file.toml"));
    assert_eq!(kinds(&found), [MistakeKind::UnreadableFile]);
    assert!(
        found
            .to_string()
            .starts_with("error: cannot read the settings file /no/such/file.toml: No such file"),
        "{found}"
    );

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("msf-settings-unreadable-{}", std::process::id()));
    std::fs::create_dir_all(folder.join(".env")).unwrap();
    std::fs::write(folder.join("latin1.toml"), b"greeting = '\xe4'").unwrap();
    let sources = Sources::for_app("hello")
        .file(folder.join("latin1.toml"))
        .dotenv(folder.join(".env"));
    let found = mistakes(&sources);
    assert_eq!(kinds(&found), [MistakeKind::UnreadableFile; 2], "{found}");
    assert!(
        found.to_string().contains("it is not UTF-8 text"),
        "{found}"
    );
}

#[test]
fn broken_toml_names_every_place_and_shows_no_line() {
    let found = mistakes(&file(
        "greeting = s3cret\npeer = 'x'\n[limits\nbody = s3cret-too\n",
    ));
    assert!(
        kinds(&found)
            .iter()
            .all(|kind| *kind == MistakeKind::Syntax),
        "{found}"
    );
    let text = found.to_string();
    assert!(
        text.contains("hello.toml:1:12") && text.contains("hello.toml:3:8"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_key_that_is_set_twice_in_one_source_is_a_mistake() {
    let found = mistakes(&file(
        "greeting = 'a'\nlimits.body = '1B'\ngreeting = 's3cret'\n",
    ));
    assert_eq!(
        found.iter().next().unwrap().to_string(),
        "\
error: the key `greeting` is set twice in one section
 --> hello.toml:3:1
  |
3 | greeting …
  | ^^^^^^^^"
    );
    assert_eq!(kinds(&found), [MistakeKind::DuplicateKey]);

    let found = mistakes(
        &hello()
            .set_argument("greeting=a")
            .set_argument("greeting=b"),
    );
    assert_eq!(kinds(&found), [MistakeKind::DuplicateKey]);

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("msf-settings-twice-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(".env");
    std::fs::write(
        &path,
        "HELLO__GREETING=a\nX=1\nX=2\nHELLO__GREETING=b\nbroken\n",
    )
    .unwrap();
    let found = mistakes(&hello().dotenv(&path));
    assert_eq!(
        kinds(&found),
        [MistakeKind::Syntax, MistakeKind::DuplicateKey]
    );
    let text = found.to_string();
    assert!(
        text.contains(&format!(
            "--> {}:4\n  = also set in: {}:1",
            path.display(),
            path.display()
        )),
        "{text}"
    );
    assert!(
        text.contains(&format!("--> {}:5", path.display())),
        "{text}"
    );
}

#[test]
fn an_invalid_choice_lists_the_choices() {
    assert_eq!(
        only(&file("profile = 'prdo'")),
        "\
error: `profile`: expected `dev` or `prod`, found other text
 --> hello.toml:1:11
  |
1 | profile = 'prdo'
  |           ^^^^^^
  = help: did you mean `prod`?"
    );
    assert_eq!(
        kinds(&mistakes(&variable("HELLO__PROFILE", "s3cret"))),
        [MistakeKind::InvalidChoice]
    );
}

#[test]
fn a_set_without_a_value_is_not_repeated() {
    let found = mistakes(&hello().set_argument("s3cret"));
    assert_eq!(kinds(&found), [MistakeKind::Syntax]);
    assert!(!found.to_string().contains("s3cret"), "{found}");
}

#[test]
fn mistakes_of_all_sources_and_of_both_structs_are_told_at_once() {
    let sources = Sources::for_app("hello")
        .file_text(
            "hello.toml",
            "prot = 1\n[limits]\nbody = 5\nheader_time = 5\n[http]\nlisten = 'x'\n",
        )
        .env([("HELLO__SHARE", "x"), ("HELLO__HTTP_LISTEN", "x")])
        .set_argument("grace=10s")
        .set_argument("limits.in_flight=x");
    let found = mistakes(&sources);
    let about: Vec<_> = found
        .iter()
        .map(|mistake| (mistake.kind(), mistake.key().unwrap()))
        .collect();
    assert_eq!(
        about,
        [
            (MistakeKind::UnknownKey, "prot"),
            (MistakeKind::BadName, "HELLO__HTTP_LISTEN"),
            (MistakeKind::UnknownKey, "grace"),
            (MistakeKind::WrongType, "http.listen"),
            (MistakeKind::WrongType, "limits.header_time"),
            (MistakeKind::Missing, "api_key"),
            (MistakeKind::WrongType, "limits.body"),
            (MistakeKind::WrongType, "limits.in_flight"),
            (MistakeKind::WrongType, "share"),
        ],
        "{found}"
    );
    assert!(found.to_string().ends_with(
        "9 mistakes in the settings of `hello`\nhelp: run `hello config` for every key, its default and where its value came from"
    ));
    assert_eq!(EXIT_CODE, 78);
}

#[derive(Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[expect(dead_code, reason = "only the load is of interest")]
struct Clash {
    #[setting(default = "1s")]
    share: std::time::Duration,
    limits: ClashLimits,
}

#[derive(Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[expect(dead_code, reason = "only the load is of interest")]
struct ClashLimits {
    #[setting(default = 1)]
    body: u8,
}

#[test]
fn two_structs_that_define_one_key_are_a_mistake_of_the_program() {
    let found = hello().load::<(Config, Clash)>().unwrap_err();
    assert_eq!(kinds(&found), [MistakeKind::Definition; 2], "{found}");
    let text = found.to_string();
    assert!(
        text.contains("both `Config` and `Clash` define the key `share`"),
        "{text}"
    );
    assert!(
        text.contains("both `Limits` and `ClashLimits` define the key `limits.body`"),
        "{text}"
    );
}

#[derive(Debug, Settings)]
#[settings(crate = "msf_core::settings")]
#[expect(dead_code, reason = "only the load is of interest")]
struct BadDefault {
    #[setting(default = "10x")]
    grace: std::time::Duration,
    #[setting(default = "dveelop")]
    profile: crate::config::Profile,
    #[setting(default = 5)]
    limits: ClashLimits,
}

#[test]
fn a_default_that_does_not_fit_is_found_at_every_load() {
    let sources = Sources::for_app("hello")
        .set("grace", "1s", "--set")
        .set("profile", "dev", "--set");
    let found = sources.load::<BadDefault>().unwrap_err();
    assert_eq!(kinds(&found), [MistakeKind::Definition; 3], "{found}");
    assert!(
        found
            .to_string()
            .contains("the default of `grace` in `BadDefault` does not fit: expected a duration"),
        "{found}"
    );
}

#[test]
fn a_program_refuses_a_value_with_its_place() {
    let loaded = file("peer = 'x'").load::<(Framework, Config)>().unwrap();
    let mistake = loaded.effective.refuse(
        "peer",
        "a peer is not allowed in `prod`",
        "leave out `peer`",
    );
    assert_eq!(
        mistake.to_string(),
        "error: `peer`: a peer is not allowed in `prod`\n --> hello.toml:1:8\n  = help: leave out `peer`"
    );
}
