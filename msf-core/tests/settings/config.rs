//! The settings that the tests load: a user's struct beside a framework's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use msf_core::settings::{
    ByteSize, Effective, Mistake, MistakeKind, Mistakes, Secret, Settings, Sources,
};

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) struct Config {
    /// First word of every answer.
    #[setting(default = "Hello")]
    pub(crate) greeting: String,
    #[setting(secret)]
    pub(crate) api_key: Secret,
    pub(crate) peer: Option<String>,
    #[setting(default = ["a", "b"])]
    pub(crate) tags: Vec<String>,
    #[setting(default = "dev")]
    pub(crate) profile: Profile,
    pub(crate) limits: Limits,
    pub(crate) clients: BTreeMap<String, Client>,
    pub(crate) mirror: Option<Mirror>,
    #[setting(default = 0.5)]
    pub(crate) share: f64,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) enum Profile {
    Dev,
    Prod,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) struct Limits {
    /// The longest a call may take.
    ///
    /// Zero refuses every call.
    #[setting(default = "10s")]
    pub(crate) deadline: Duration,
    #[setting(default = "1MiB")]
    pub(crate) body: ByteSize,
    #[setting(default = 100)]
    pub(crate) in_flight: u16,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) struct Client {
    pub(crate) url: String,
    #[setting(default = 3)]
    pub(crate) attempts: u8,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) struct Mirror {
    pub(crate) url: String,
    pub(crate) token: Option<Secret>,
}

/// What the framework reads beside the user's struct.
#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) struct Framework {
    pub(crate) http: Http,
    pub(crate) limits: FrameworkLimits,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) struct Http {
    #[setting(default = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, PartialEq, Settings)]
#[settings(crate = "msf_core::settings")]
pub(crate) struct FrameworkLimits {
    #[setting(default = "5s")]
    pub(crate) header_time: Duration,
}

pub(crate) fn hello() -> Sources {
    Sources::for_app("hello").set("api_key", "k3y", "--api-key")
}

pub(crate) fn mistakes(sources: &Sources) -> Mistakes {
    sources
        .load::<(Framework, Config)>()
        .expect_err("there are mistakes")
}

pub(crate) fn kinds(mistakes: &Mistakes) -> Vec<MistakeKind> {
    mistakes.iter().map(Mistake::kind).collect()
}

/// The one mistake that there is, as it is shown.
pub(crate) fn only(sources: &Sources) -> String {
    let found = mistakes(sources);
    assert_eq!(found.len(), 1, "{found}");
    found.iter().map(ToString::to_string).collect()
}

pub(crate) fn source(effective: &Effective, key: &str) -> String {
    effective.get(key).expect(key).source().to_string()
}
