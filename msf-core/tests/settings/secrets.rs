//! A secret that is planted in every source and in every wrong place shows up nowhere.

use std::path::Path;

use msf_core::settings::Sources;

use crate::config::{Config, Framework};

const SECRET: &str = "hunter2-do-not-show";

/// Everything that a load may print.
fn outputs(sources: &Sources) -> Vec<String> {
    let mut shown = vec![
        format!("{sources:?}"),
        sources.sample::<(Framework, Config)>(),
    ];
    match sources.load::<(Framework, Config)>() {
        Ok(loaded) => {
            shown.push(format!("{:?}", loaded.value));
            shown.push(format!("{:?}", loaded.effective));
            shown.push(loaded.effective.to_toml());
            shown.push(loaded.effective.to_json().to_string());
            assert_eq!(loaded.value.1.api_key.expose(), SECRET);
        }
        Err(mistakes) => {
            shown.push(mistakes.to_string());
            shown.push(format!("{mistakes:?}"));
        }
    }
    shown
}

fn assert_hidden(sources: &Sources) {
    for shown in outputs(sources) {
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

fn dotenv(name: &str, text: &str) -> Sources {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("msf-settings-secret-{name}-{}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    Sources::for_app("hello").dotenv(path)
}

#[test]
fn a_secret_in_its_place_is_masked() {
    let text = format!("api_key = '{SECRET}'\n[mirror]\nurl = 'x'\ntoken = '{SECRET}'");
    assert_hidden(&Sources::for_app("hello").file_text("hello.toml", text));
    assert_hidden(&dotenv("right", &format!("HELLO__API_KEY={SECRET}")));
    assert_hidden(&Sources::for_app("hello").env([("HELLO__API_KEY", SECRET)]));
    assert_hidden(&Sources::for_app("hello").set_argument(&format!("api_key={SECRET}")));
}

#[test]
fn a_secret_beside_a_mistake_is_not_shown() {
    for text in [
        // The key is misspelt, nested wrongly, in an inline table, in a list, or the value is not TOML.
        format!("api_kye = '{SECRET}'"),
        format!("api_kye = {{ a = '{SECRET}' }}"),
        format!("api_key = {{ a = '{SECRET}' }}"),
        format!("api_key = ['{SECRET}']"),
        format!("api_key = [\n'{SECRET}',\n]"),
        format!("greeting = ['{SECRET}']"),
        format!("tags = ['{SECRET}', 1]"),
        format!("mirror = {{ url = 1, token = '{SECRET}' }}"),
        format!("mirror = {{ token = '{SECRET}', url = 1 }}"),
        format!("mirror = {{ token = '{SECRET}', ulr = 1 }}"),
        format!("mirror = {{ token = ['{SECRET}'], url = '' }}"),
        format!("mirror = '{SECRET}'"),
        format!("limits = '{SECRET}'"),
        format!("clients.a = '{SECRET}'"),
        format!("api_key = {SECRET}"),
        format!("api_key = '{SECRET}"),
        format!("api_key = \"\"\"\n{SECRET}\n"),
        format!("api_key = '{SECRET}'\napi_key = '{SECRET}'"),
        format!("greeting = 1 # {SECRET}"),
        format!("[limits] # {SECRET}\nbody = 1"),
        format!("[mirror]\ntoken = '{SECRET}'\n[mirror]\ntoken = '{SECRET}'"),
    ] {
        let sources = Sources::for_app("hello").file_text("hello.toml", &text);
        assert!(sources.load::<(Framework, Config)>().is_err(), "{text}");
        assert_hidden(&sources);
    }
}

#[test]
fn a_secret_in_the_wrong_variable_or_flag_is_not_shown() {
    for name in [
        "SHARE",
        "LIMITS__BODY",
        "HTTP__LISTEN",
        "PROFILE",
        "API_KYE",
        "HTTP",
        "CLIENTS",
        "api_key",
        "LIMITS",
        "",
    ] {
        assert_hidden(&Sources::for_app("hello").env([(format!("HELLO__{name}"), SECRET)]));
        assert_hidden(&dotenv(
            "wrong",
            &format!("HELLO__{name}={SECRET}\nHELLO__{name}={SECRET}"),
        ));
        let key = name.to_lowercase().replace("__", ".");
        assert_hidden(&Sources::for_app("hello").set_argument(&format!("{key}={SECRET}")));
        assert_hidden(&Sources::for_app("hello").set(key, SECRET, "--flag"));
    }
    for line in [
        "{}",
        "export {}",
        "HELLO__API_KEY='{}",
        "HELLO__API_KEY=\"{}",
        "HELLO__API_KEY='x' {}",
        "1A={}",
        "HELLO__API_KEY=\"{}\\x\"",
    ] {
        assert_hidden(&dotenv("line", &line.replace("{}", SECRET)));
    }
    assert_hidden(&Sources::for_app("hello").set_argument(SECRET));
}
