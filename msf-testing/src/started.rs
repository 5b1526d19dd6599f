//! An app that runs in a test.

use std::rc::Rc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use msf_core::access::Principal;
use msf_service::AccessRow;
use msf_service::client::Channel;
use msf_service::embed::{Running, Stopped};
use serde_json::Value;

use crate::call::Call;
use crate::capture::Capture;
use crate::policy::PolicyWalk;
use crate::principal::Passport;

/// An app that runs in a test; it ends with the test's runtime, or in order with [`Started::stop`].
#[derive(Debug)]
pub struct Started {
    running: Running,
    passport: Passport,
    capture: Rc<Capture>,
}

impl Started {
    pub(crate) fn new(running: Running, passport: Passport, capture: Rc<Capture>) -> Self {
        Self {
            running,
            passport,
            capture,
        }
    }

    /// Where it answers: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.running.http())
    }

    /// The app itself: its address, health and access table.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Begins a GET of `path`.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    /// Begins a POST to `path`.
    pub fn post(&self, path: &str) -> Call<'_> {
        self.call("POST", path)
    }

    /// Begins a request with any method.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(&self.passport, method, format!("{}{path}", self.url()))
    }

    /// A channel for generated clients, without a principal.
    ///
    /// # Panics
    ///
    /// Never: the address of a started app is a valid URL.
    pub fn channel(&self) -> Channel {
        match Channel::tcp("app", &self.url()) {
            Ok(channel) => channel,
            Err(error) => panic!("{error}"),
        }
    }

    /// A channel for generated clients, as the user `subject` with these roles.
    pub fn channel_as(&self, subject: &str, roles: &[&str]) -> Channel {
        let user = roles
            .iter()
            .fold(Principal::user(subject), |user, role| user.with_role(*role));
        self.channel_of(&user)
    }

    /// A channel for generated clients, as any principal.
    pub fn channel_of(&self, principal: &Principal) -> Channel {
        self.channel()
            .with_header(AUTHORIZATION, self.passport.header(principal))
    }

    /// Every RPC and route with its rule.
    pub fn access(&self) -> &[AccessRow] {
        self.running.access()
    }

    /// Calls every RPC and route as nobody, as a stranger and as those whom its rule names, and compares.
    pub async fn policy_walk(&self) -> PolicyWalk {
        PolicyWalk::over(self).await
    }

    /// Every log line of this app so far, as JSON.
    pub fn logs(&self) -> Vec<Value> {
        self.capture.lines(self.running.name())
    }

    /// The log lines of requests that are over.
    pub fn requests(&self) -> Vec<Value> {
        self.logs()
            .into_iter()
            .filter(|line| line["target"] == "msf::request")
            .collect()
    }

    /// All metrics of this app, in the text format of Prometheus.
    pub fn metrics(&self) -> String {
        self.capture.metrics(self.running.name())
    }

    /// The sum of the counters `name` (`.._total`, `.._count`) that have all these labels.
    pub fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let metrics = self.metrics();
        let wanted: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}=\"{value}\""))
            .collect();
        metrics
            .lines()
            .filter(|line| {
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(['{', ' ']))
            })
            .filter(|line| wanted.iter().all(|label| line.contains(label)))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum()
    }

    /// Stops it in order, within five seconds.
    pub async fn stop(self) -> Stopped {
        self.running.stop(Duration::from_secs(5)).await
    }
}
