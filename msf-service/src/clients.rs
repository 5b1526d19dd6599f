//! The other services that an app may call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ClientSettings;
use crate::client::{Channel, Local};

/// Finds channels by name, and remembers who was asked for: callers stop before those they call.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    caller: Arc<str>,
    settings: Arc<BTreeMap<String, ClientSettings>>,
    local: Local,
    /// The apps of the process; `None` where they are not known beforehand.
    hosted: Option<Arc<BTreeSet<String>>>,
    asked: Arc<Mutex<BTreeSet<String>>>,
}

impl Clients {
    pub(crate) fn new(
        caller: Arc<str>,
        settings: BTreeMap<String, ClientSettings>,
        local: Local,
    ) -> Self {
        Self {
            caller,
            settings: Arc::new(settings),
            local,
            hosted: None,
            asked: Arc::default(),
        }
    }

    /// Refuses names that are neither in the settings nor among `apps`.
    pub(crate) fn hosted(mut self, apps: Arc<BTreeSet<String>>) -> Self {
        self.hosted = Some(apps);
        self
    }

    /// Finds `name`, and remembers that this app calls it; `port` is where it is on loopback unless the settings say more.
    pub(crate) fn channel(&self, name: &str, port: Option<u16>) -> crate::Result<Channel> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned());
        self.find(name, port)
    }

    /// Finds `name`: by the settings, in the process, at its default port.
    pub(crate) fn find(&self, name: &str, port: Option<u16>) -> crate::Result<Channel> {
        if let Some(client) = self.settings.get(name) {
            return Ok(Channel::tcp(name, &client.url)?);
        }
        let elsewhere = self
            .hosted
            .as_ref()
            .is_some_and(|apps| !apps.contains(name));
        if let (true, Some(port)) = (elsewhere, port) {
            return Ok(Channel::tcp(name, &format!("http://127.0.0.1:{port}"))?);
        }
        if elsewhere {
            return Err(format!(
                "`{}` calls `{name}`, which is no app of this process and has no address: set `clients.{name}.url` to \
                 http://HOST:PORT",
                self.caller
            )
            .into());
        }
        Ok(Channel::in_process(name, &self.local))
    }

    /// The names that were asked for so far.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
