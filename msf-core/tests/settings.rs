//! Settings: precedence of the sources, every kind of mistake, and what is never shown.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use msf_core::settings::{ByteSize, Effective, MistakeKind, Mistakes, Secret, Settings, Sources};

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    /// First word of every answer.
    #[setting(default = "Hello")]
    greeting: String,
    #[setting(secret)]
    api_key: Secret,
    peer: Option<String>,
    #[setting(default = ["a", "b"])]
    tags: Vec<String>,
    #[setting(default = "dev")]
    profile: Profile,
    limits: Limits,
    clients: BTreeMap<String, Client>,
    mirror: Option<Mirror>,
    #[setting(default = 0.5)]
    share: f64,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
enum Profile {
    Dev,
    Prod,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Limits {
    /// The longest a call may take.
    ///
    /// Zero refuses every call.
    #[setting(default = "10s")]
    deadline: Duration,
    #[setting(default = "1MiB")]
    body: ByteSize,
    #[setting(default = 100)]
    in_flight: u16,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Client {
    url: String,
    #[setting(default = 3)]
    attempts: u8,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Mirror {
    url: String,
    token: Option<Secret>,
}

/// What the framework reads beside the user's struct.
#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Framework {
    http: Http,
    limits: FrameworkLimits,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct Http {
    #[setting(default = "127.0.0.1:8080")]
    listen: SocketAddr,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
struct FrameworkLimits {
    #[setting(default = "5s")]
    header_time: Duration,
}

fn hello() -> Sources {
    Sources::for_app("hello").set("api_key", "k3y", "--api-key")
}

fn mistakes(sources: &Sources) -> Mistakes {
    sources
        .load::<(Framework, Config)>()
        .expect_err("there are mistakes")
}

fn kinds(mistakes: &Mistakes) -> Vec<MistakeKind> {
    mistakes.iter().map(|mistake| mistake.kind()).collect()
}

fn source(effective: &Effective, key: &str) -> String {
    effective.get(key).expect(key).source().to_string()
}

#[test]
fn defaults_are_enough_except_for_what_is_required() {
    let ((framework, config), effective) = {
        let loaded = hello().load::<(Framework, Config)>().unwrap();
        (loaded.value, loaded.effective)
    };
    assert_eq!(framework.http.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(framework.limits.header_time, Duration::from_secs(5));
    let expected = Config {
        greeting: "Hello".into(),
        api_key: "k3y".into(),
        peer: None,
        tags: vec!["a".into(), "b".into()],
        profile: Profile::Dev,
        limits: Limits {
            deadline: Duration::from_secs(10),
            body: ByteSize::mebibytes(1),
            in_flight: 100,
        },
        clients: BTreeMap::new(),
        mirror: None,
        share: 0.5,
    };
    assert_eq!(config, expected);
    assert_eq!(source(&effective, "greeting"), "default");
    assert_eq!(source(&effective, "api_key"), "--api-key");
}
