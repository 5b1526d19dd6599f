//! An app that runs in a test.

use std::cell::RefCell;
use std::collections::BTreeMap;
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
#[cfg(feature = "openapi")]
use crate::contract::Contract;
use crate::patience::Patience;
use crate::policy::PolicyWalk;
use crate::principal::Passport;

/// An app that runs in a test; it ends with the test's runtime, or in order with [`Started::stop`].
#[derive(Debug)]
pub struct Started {
    running: Running,
    passport: Passport,
    capture: Rc<Capture>,
    /// How many lines of each subscription and outcome were returned.
    returned: RefCell<BTreeMap<(String, String), usize>>,
    #[cfg(feature = "openapi")]
    pub(crate) contract: Option<Contract>,
}

impl Started {
    pub(crate) fn new(running: Running, passport: Passport, capture: Rc<Capture>) -> Self {
        Self {
            running,
            passport,
            capture,
            returned: RefCell::default(),
            #[cfg(feature = "openapi")]
            contract: None,
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
        let call = Call::new(&self.passport, method, self.url(), path);
        #[cfg(feature = "openapi")]
        let call = call.held_to(self.contract.as_ref());
        call
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

    /// The log lines of events: one for each delivery, written when it has its verdict.
    ///
    /// Keys: `event_id event_type subscription attempt outcome duration_ms`, and `error` where it failed.
    pub fn event_lines(&self) -> Vec<Value> {
        self.logs()
            .into_iter()
            .filter(|line| line["target"] == "msf::event")
            .collect()
    }

    /// Waits until this app has handled an event of `subscription`, and returns the log line of it: [`Started::event`] with
    /// the outcome `handled`.
    ///
    /// # Panics
    ///
    /// As [`Started::event`].
    pub async fn handled(&self, subscription: &str) -> Value {
        self.event(subscription, "handled").await
    }

    /// Waits until an event of `subscription` has this outcome (`handled`, `duplicate`, `retried`, `dead`, `unknown`), and
    /// returns the log line of it.
    ///
    /// Each call returns the next one: as many calls as events wait for all of them. The name is that which the app gave,
    /// or the full one, `SERVICE.NAME`. It does not sleep, and works under a paused clock.
    ///
    /// # Panics
    ///
    /// After ten seconds of real time, with the lines of all events so far.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called anew; no line is skipped.
    pub async fn event(&self, subscription: &str, outcome: &str) -> Value {
        let name = subscription.strip_prefix(&format!("{}.", self.running.name()));
        let name = name.unwrap_or(subscription);
        let full = format!("{}.{name}", self.running.name());
        let is_wanted = |line: &Value| {
            line["outcome"] == outcome
                && [name, &full]
                    .iter()
                    .any(|name| line["subscription"] == *name)
        };
        let mut patience = Patience::start();
        loop {
            let mut written = self.capture.written();
            let key = (name.to_owned(), outcome.to_owned());
            let returned = self.returned.borrow().get(&key).copied().unwrap_or(0);
            let next = self
                .event_lines()
                .into_iter()
                .filter(is_wanted)
                .nth(returned);
            if let Some(line) = next {
                self.returned.borrow_mut().insert(key, returned + 1);
                return line;
            }
            if patience.until(written.changed()).await.is_none() {
                let lines: Vec<String> = self.event_lines().iter().map(Value::to_string).collect();
                let lines = lines.join("\n");
                let app = self.running.name();
                panic!(
                    "no further event of the subscription `{name}` of `{app}` was {outcome}; of events it logged:\n{lines}"
                );
            }
        }
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
