//! The events of one app.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use msf_bus::{Events, Subscription};
use msf_core::clock::Clock;
use msf_core::component::Component;
use msf_core::health::Check;

use super::refuse_names;
use crate::EventBackend;
use crate::client::Local;
use crate::data_dir::DataDir;

/// How an app gets at its events: over the transport of its process, with its own clock and name. A clone is the same.
#[derive(Clone)]
pub(crate) struct AppEvents {
    pub(crate) service: Arc<str>,
    pub(crate) backend: EventBackend,
    pub(crate) local: Local,
    pub(crate) data_dir: DataDir,
    pub(crate) clock: Clock,
    /// Whether the app has asked for them.
    pub(crate) asked: Arc<AtomicBool>,
}

/// What an app's subscriptions add to it.
#[derive(Default)]
pub(crate) struct Consuming {
    pub(crate) components: Vec<Box<dyn Component>>,
    pub(crate) check: Option<Check>,
}

impl AppEvents {
    /// The events of the app, for the app.
    pub(crate) fn ask(&self) -> crate::Result<Events> {
        let events = self.open()?;
        self.asked.store(true, Ordering::Relaxed);
        Ok(events)
    }

    /// Makes components of the app's subscriptions. An app without any that publishes works on while the transport does not.
    pub(crate) fn consume(&self, subscriptions: Vec<Subscription>) -> crate::Result<Consuming> {
        refuse_names(&self.service, &subscriptions)?;
        if let Some(mistake) = subscriptions.iter().find_map(Subscription::mistake) {
            return Err(mistake.into());
        }
        if subscriptions.is_empty() {
            let asked = self.asked.load(Ordering::Relaxed);
            let opened = self.local.transport().opened().filter(|_| asked);
            return Ok(Consuming {
                components: Vec::new(),
                check: opened.map(|transport| transport.check().optional()),
            });
        }
        let events = self.open()?;
        let component =
            |subscription| -> Box<dyn Component> { Box::new(events.subscribe(subscription)) };
        Ok(Consuming {
            components: subscriptions.into_iter().map(component).collect(),
            check: Some(events.transport().check()),
        })
    }

    fn open(&self) -> crate::Result<Events> {
        let transport = self
            .local
            .transport()
            .open(self.backend, &self.data_dir, &self.clock)?;
        Ok(Events::new(
            Arc::clone(&self.service),
            transport,
            self.clock.clone(),
        ))
    }
}
