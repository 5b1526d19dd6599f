//! What a service gets to make its app from.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use msf_core::clock::Clock;
use msf_core::settings::Mistakes;

use crate::client::{Channel, InvalidUrl};
use crate::clients::Clients;
use crate::data_dir::DataDir;
#[cfg(feature = "bus")]
use crate::events::AppEvents;
use crate::{Announcer, Profile};

/// Everything a service may use to make its [`App`](crate::App): its settings, and capabilities of the process.
///
/// Nothing is global: two apps in one process each get their own, and a test makes one with a fake clock.
///
/// ```
/// use msf_service::{App, Boot};
/// async fn app(boot: Boot<()>) -> msf_service::Result<App> {
///     let users = boot.client("user-service")?;
///     # let _ = users;
///     Ok(App::new())
/// }
/// ```
#[non_exhaustive]
pub struct Boot<C> {
    /// The service's own settings.
    pub config: C,
    name: Arc<str>,
    profile: Profile,
    part: BootPart,
}

/// What an app gets whatever its settings are.
#[derive(Clone)]
pub(crate) struct BootPart {
    pub(crate) clock: Clock,
    pub(crate) clients: Clients,
    pub(crate) data_dir: DataDir,
    pub(crate) announcer: Announcer,
    pub(crate) owner: Owner,
    #[cfg(feature = "bus")]
    pub(crate) events: AppEvents,
}

/// Whose settings an app's are.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) program: Arc<str>,
    /// The table that they lie in, where the program has several apps.
    pub(crate) table: Option<Arc<str>>,
    /// Whether the app is only looked at: nothing of it is going to serve.
    #[cfg_attr(
        not(feature = "auth"),
        expect(dead_code, reason = "only keys must not be made meanwhile")
    )]
    pub(crate) looked_at: bool,
}

impl<C> Boot<C> {
    pub(crate) fn new(config: C, name: Arc<str>, profile: Profile, part: BootPart) -> Self {
        Self {
            config,
            name,
            profile,
            part,
        }
    }

    /// The same, with other settings.
    pub(crate) fn with_config<D>(self, config: D) -> Boot<D> {
        Boot::new(config, self.name, self.profile, self.part)
    }

    /// The name of the service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the defaults are those of development or of production.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The clock to ask for the time of day; a test sets it.
    pub fn clock(&self) -> &Clock {
        &self.part.clock
    }

    /// The folder of the embedded stores, which all apps of the process share: `data_dir`, `--data-dir` or `--ephemeral`.
    ///
    /// It is made when the first app asks. Name your files after your service.
    ///
    /// # Errors
    ///
    /// The folder cannot be made; the text says how to name another.
    pub fn data_dir(&self) -> crate::Result<PathBuf> {
        self.part.data_dir.path()
    }

    /// Adds to what the process says once it is ready.
    pub fn announcer(&self) -> Announcer {
        self.part.announcer.clone()
    }

    /// The events of this service: to publish them, to relay those of an outbox, to subscribe.
    ///
    /// All apps of the process share one transport, opened when the first asks: with `events.backend = "embedded"` it is
    /// `bus.db` in the [data folder](Self::data_dir), which other processes of the machine may share too.
    ///
    /// ```
    /// use msf_service::error::Error;
    /// use msf_service::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, Event)]
    /// #[event(name = "hello.greeted")]
    /// struct Greeted { name: String }
    ///
    /// async fn greet(State(events): State<Events>, Path(name): Path<String>) -> Result<&'static str, Error> {
    ///     events.publish(Greeted { name }).await?;
    ///     Ok("hello")
    /// }
    ///
    /// async fn app(boot: Boot<()>) -> msf_service::Result<App> {
    ///     let routes = Routes::new().get("/hello/{name}", Rule::public("a greeting"), greet);
    ///     Ok(App::new().http(routes.with_state(boot.events()?)))
    /// }
    /// # let _ = app;
    /// ```
    ///
    /// # Errors
    ///
    /// The data folder cannot be made, or the transport in it cannot be opened.
    #[cfg(feature = "bus")]
    pub fn events(&self) -> crate::Result<msf_bus::Events> {
        self.part.events.ask()
    }

    /// The error of an app that cannot start with its settings: the process ends with exit code 78.
    ///
    /// For what no type can say, such as a key that has to be set in production. `message` must not contain the value; the
    /// `help` says what to write.
    ///
    /// ```
    /// use msf_service::{App, Boot, Profile};
    /// async fn app(boot: Boot<()>) -> msf_service::Result<App> {
    ///     if boot.profile() == Profile::Prod {
    ///         return Err(boot.refuse("auth.keys", "is not set", "name the folder with the keys").into());
    ///     }
    ///     Ok(App::new())
    /// }
    /// ```
    pub fn refuse(&self, key: &str, message: &str, help: &str) -> Mistakes {
        let Owner { program, table, .. } = &self.part.owner;
        let key = match table {
            Some(table) => format!("{table}.{key}"),
            None => key.to_owned(),
        };
        Mistakes::refused(program, &key, message, help)
    }

    /// A channel to another service: in process where it runs in this one, else at `clients.NAME.url`.
    ///
    /// Nothing is connected yet; the first call does that, so the order in which services start does not matter.
    ///
    /// # Errors
    ///
    /// Neither is it an app of this process, nor is there a usable URL in the settings.
    pub fn client(&self, name: &str) -> crate::Result<Channel> {
        self.named(self.part.clients.channel(name, None))
    }

    /// The same, on loopback at `port` where the process has no such app and the settings have no URL.
    ///
    /// # Errors
    ///
    /// The URL in the settings is none.
    pub fn client_at(&self, name: &str, port: u16) -> crate::Result<Channel> {
        self.named(self.part.clients.channel(name, Some(port)))
    }

    /// A channel to a service that calls this one, for the keys that prove it; found as [`client_at`](Self::client_at) does.
    ///
    /// It does not count in the order of the stop, which would be a circle.
    ///
    /// # Errors
    ///
    /// The URL in the settings is none.
    pub fn caller_at(&self, name: &str, port: u16) -> crate::Result<Channel> {
        self.named(self.part.clients.find(name, Some(port)))
    }

    #[cfg(feature = "auth")]
    pub(crate) fn is_looked_at(&self) -> bool {
        self.part.owner.looked_at
    }

    /// A URL that is none is a mistake in the settings like any other.
    fn named(&self, found: crate::Result<Channel>) -> crate::Result<Channel> {
        found.map_err(|error| match error.downcast_ref::<InvalidUrl>() {
            Some(url) => {
                let help = "write it like http://HOST:PORT";
                self.refuse(&url.key(), url.mistake(), help).into()
            }
            None => error,
        })
    }
}

impl<C> fmt::Debug for Boot<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boot")
            .field("name", &self.name)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}
