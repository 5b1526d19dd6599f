//! The effective settings and the sample file.

use msf_core::settings::{Settings, Sources};

use crate::config::{Config, Framework, hello};

#[test]
fn toml_groups_sections_and_names_each_source() {
    let loaded = hello()
        .file_text(
            "hello.toml",
            "greeting = 'Hi \"you\"'\n[clients.'a b']\nurl = 'http://x'\n",
        )
        .env([("HELLO__LIMITS__IN_FLIGHT", "7")])
        .load::<(Framework, Config)>()
        .unwrap();
    let expected = r#"greeting = "Hi \"you\"" # hello.toml:1:12
api_key = "[secret]" # --api-key
# peer is not set
tags = ["a", "b"] # default
profile = "dev" # default
share = 0.5 # default

[http]
listen = "127.0.0.1:8080" # default

[limits]
header_time = "5s" # default
deadline = "10s" # default
body = "1MiB" # default
in_flight = 7 # environment variable HELLO__LIMITS__IN_FLIGHT

[clients."a b"]
url = "http://x" # hello.toml:3:7
attempts = 3 # default
"#;
    assert_eq!(loaded.effective.to_toml(), expected);
}

#[test]
fn json_lists_every_key() {
    let loaded = hello()
        .set("limits.in_flight", "7", "--set")
        .load::<(Framework, Config)>()
        .unwrap();
    let json = loaded.effective.to_json();
    let list = json.as_array().unwrap();
    assert_eq!(list.len(), 11);
    let find = |key: &str| {
        list.iter()
            .find(|entry| entry["key"] == key)
            .unwrap()
            .clone()
    };
    assert_eq!(
        find("limits.in_flight"),
        serde_json::json!({ "key": "limits.in_flight", "value": 7, "default": 100, "source": "--set", "documentation": "" })
    );
    assert_eq!(
        find("greeting"),
        serde_json::json!({
            "key": "greeting", "value": "Hello", "default": "Hello", "source": "default",
            "documentation": "First word of every answer.",
        })
    );
    assert_eq!(find("api_key")["value"], "[secret]");
    assert_eq!(find("peer")["value"], serde_json::Value::Null);
}

const SAMPLE: &str = r#"# First word of every answer.
# Expected: text. Variable: HELLO__GREETING
#greeting = "Hello"
# Required. Expected: text that is kept secret. Variable: HELLO__API_KEY
#api_key = ""
# Not set unless you set it. Expected: text. Variable: HELLO__PEER
#peer = ""
# Expected: a list, each item text. Variable: HELLO__TAGS
#tags = ["a", "b"]
# Expected: `dev` or `prod`. Variable: HELLO__PROFILE
#profile = "dev"
# Expected: a number. Variable: HELLO__SHARE
#share = 0.5

[http]
# Expected: an address with its port such as `127.0.0.1:8080`. Variable: HELLO__HTTP__LISTEN
#listen = "127.0.0.1:8080"

[limits]
# Expected: a duration such as `10s`, `250ms` or `1m30s`. Variable: HELLO__LIMITS__HEADER_TIME
#header_time = "5s"
# The longest a call may take.
#
# Zero refuses every call.
# Expected: a duration such as `10s`, `250ms` or `1m30s`. Variable: HELLO__LIMITS__DEADLINE
#deadline = "10s"
# Expected: a size such as `1MiB`, `64KiB` or `100B`. Variable: HELLO__LIMITS__BODY
#body = "1MiB"
# Expected: a whole number from 0 to 65535. Variable: HELLO__LIMITS__IN_FLIGHT
#in_flight = 100

#[clients.NAME]
# Required. Expected: text. Variable: HELLO__CLIENTS__NAME__URL
#url = ""
# Expected: a whole number from 0 to 255. Variable: HELLO__CLIENTS__NAME__ATTEMPTS
#attempts = 3

#[mirror]
# Required. Expected: text. Variable: HELLO__MIRROR__URL
#url = ""
# Not set unless you set it. Expected: text that is kept secret. Variable: HELLO__MIRROR__TOKEN
#token = ""
"#;

#[test]
fn the_sample_loads_back_without_change_as_it_is_and_with_every_line_used() {
    let sample = hello().sample::<(Framework, Config)>();
    assert_eq!(sample, SAMPLE);
    let without = hello().load::<(Framework, Config)>().unwrap();
    let with = hello()
        .file_text("sample.toml", &sample)
        .load::<(Framework, Config)>()
        .unwrap();
    assert_eq!(with.value, without.value);
    assert_eq!(with.effective.to_toml(), without.effective.to_toml());

    let used = sample.lines().map(used).collect::<Vec<_>>().join(
        "
",
    );
    let used = hello()
        .file_text("sample.toml", used)
        .load::<(Framework, Config)>()
        .unwrap()
        .value;
    assert_eq!(used.0, without.value.0);
    assert_eq!(used.1.limits, without.value.1.limits);
    assert_eq!(used.1.tags, without.value.1.tags);
    assert_eq!(used.1.clients.len(), 1);
}

/// The line without the `#` that keeps it from being used; comments have a space after theirs.
fn used(line: &str) -> &str {
    match line.strip_prefix('#') {
        // A secret is never empty.
        Some("token = \"\"") => "token = 'x'",
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
        _ => line,
    }
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Levels {
    /// The level of a target.
    levels: std::collections::BTreeMap<String, u8>,
}

#[test]
fn the_sample_of_an_app_is_its_table() {
    let sample = Sources::for_app("shop")
        .app("user-service")
        .sample::<(Framework, Levels)>();
    let expected = r#"[user-service.http]
# Expected: an address with its port such as `127.0.0.1:8080`. Variable: USER_SERVICE__HTTP__LISTEN
#listen = "127.0.0.1:8080"

[user-service.limits]
# Expected: a duration such as `10s`, `250ms` or `1m30s`. Variable: USER_SERVICE__LIMITS__HEADER_TIME
#header_time = "5s"

#[user-service.levels]
# The level of a target.
# Required. Expected: a whole number from 0 to 255. Variable: USER_SERVICE__LEVELS__NAME
#NAME = 0
"#;
    assert_eq!(sample, expected);
}
