//! A process whose settings are read: what its apps are, and where each is to listen.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use msf_core::error::chain;
use msf_core::settings::{Effective, Mistakes, Value};

use crate::boot::Owner;
use crate::data_dir::DataDir;
use crate::embed::Embed;
use crate::host::{Make, Prepared};
use crate::{Announcer, App, Info, ProcessSettings, Profile};

/// A process whose settings are read.
pub(crate) struct Process {
    pub(crate) info: Info,
    pub(crate) settings: ProcessSettings,
    pub(crate) effective: Effective,
    pub(crate) hosted: Arc<BTreeSet<String>>,
    /// Whether the one app shares the top level of the settings with the process.
    pub(crate) alone: bool,
    pub(crate) apps: Vec<(Arc<str>, Prepared)>,
    pub(crate) data_dir: DataDir,
    pub(crate) announcer: Announcer,
    /// Whether the apps are only looked at: nothing of them is going to serve.
    pub(crate) looked_at: bool,
}

/// The folder of the embedded stores unless set, below the working folder.
const DATA_DIR: &str = ".msf";

impl Process {
    /// The settings of the process and of all its apps.
    pub(crate) fn effective(&self) -> Effective {
        self.apps
            .iter()
            .fold(self.effective.clone(), |mut all, (_, app)| {
                all.extend(app.effective.clone());
                all
            })
    }

    /// Fills in the settings whose default depends on others, so that what is shown is what counts.
    pub(crate) fn complete(mut self) -> Self {
        let (profile, port, alone) = (self.settings.profile, self.info.default_port(), self.alone);
        for (index, (name, app)) in self.apps.iter_mut().enumerate() {
            let listen = match (index, profile) {
                (0, Profile::Dev) => (Ipv4Addr::LOCALHOST, port),
                (0, Profile::Prod) => (Ipv4Addr::UNSPECIFIED, port),
                _ => (Ipv4Addr::LOCALHOST, 0),
            };
            let listen = *app.settings.http.listen.get_or_insert(listen.into());
            let in_flight = app.settings.limits.requests_in_flight();
            app.settings.limits.in_flight = Some(in_flight);
            let key = |key: &str| {
                if alone {
                    key.to_owned()
                } else {
                    format!("{name}.{key}")
                }
            };
            app.effective
                .assume(&key("http.listen"), Value::Text(listen.to_string()));
            app.effective
                .assume(&key("limits.in_flight"), number(in_flight));
        }
        let admin = self.admin_address();
        self.settings.admin.listen = Some(admin);
        let folder = self
            .settings
            .data_dir
            .get_or_insert_with(|| DATA_DIR.into());
        self.data_dir = DataDir::kept(folder.clone());
        let own = match self.apps.first_mut() {
            Some((_, app)) if alone => &mut app.effective,
            _ => &mut self.effective,
        };
        own.assume("admin.listen", Value::Text(admin.to_string()));
        own.assume("data_dir", Value::Text(DATA_DIR.to_owned()));
        self
    }

    /// The same, with embedded stores in a folder that ends with the process.
    pub(crate) fn ephemeral(mut self) -> Self {
        self.data_dir = DataDir::ephemeral();
        self
    }

    /// The same, to be looked at and not to serve: it must leave no trace.
    pub(crate) fn looked_at(mut self) -> Self {
        self.looked_at = true;
        self.ephemeral()
    }

    /// How each app is to run.
    fn embed_all(self) -> impl Iterator<Item = (Embed, Make)> {
        let local = crate::client::Local::new();
        let (profile, hosted) = (self.settings.profile, self.hosted);
        let (data_dir, announcer) = (self.data_dir, self.announcer);
        let (program, alone, looked_at) = (Arc::from(self.info.name()), self.alone, self.looked_at);
        self.apps.into_iter().map(move |(name, prepared)| {
            let owner = Owner {
                program: Arc::clone(&program),
                table: (!alone).then(|| Arc::clone(&name)),
                looked_at,
            };
            let embed = Embed::with_settings(name, prepared.settings)
                .profile(profile)
                .local(&local)
                .of_process(data_dir.clone(), announcer.clone(), owner)
                .hosted(Arc::clone(&hosted));
            (embed, prepared.make)
        })
    }

    pub(crate) fn admin_address(&self) -> SocketAddr {
        let first = self.apps.first();
        let main = first.and_then(|(_, app)| app.settings.http.listen);
        let port = main.map_or(self.info.default_port(), |address| address.port());
        // A free port stays a free one; above the last port there is none to be had.
        let port = if port == 0 {
            0
        } else {
            port.checked_add(1000).unwrap_or(0)
        };
        self.settings
            .admin
            .listen
            .unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }
}

fn number(value: usize) -> Value {
    i128::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Integer)
}

/// Makes all apps of a process.
///
/// # Errors
///
/// [`Mistakes`], those of all apps at once, where the settings are refused; else the first failure.
pub(crate) async fn make_all(process: Process) -> crate::Result<Vec<(Embed, App)>> {
    let mut made = Vec::new();
    let mut mistakes: Option<Mistakes> = None;
    for (embed, function) in process.embed_all() {
        let error = match make(&embed, function).await {
            Ok(app) => {
                made.push((embed, app));
                continue;
            }
            Err(error) => error,
        };
        let found = *error.downcast::<Mistakes>()?;
        match &mut mistakes {
            Some(mistakes) => mistakes.extend(found),
            None => mistakes = Some(found),
        }
    }
    mistakes.map_or(Ok(made), |mistakes| Err(mistakes.into()))
}

/// Calls an app's function; a panic in it is an error that names the app. Mistakes in the settings stay what they are.
async fn make(embed: &Embed, app: Make) -> crate::Result<App> {
    let made = AssertUnwindSafe(async { app(embed.boot(())).await })
        .catch_unwind()
        .await;
    let named =
        |why: String| crate::BoxError::from(format!("`{}` cannot start: {why}", embed.name()));
    match made {
        Ok(Ok(app)) => Ok(app),
        Ok(Err(error)) if error.is::<Mistakes>() => Err(error),
        Ok(Err(error)) => Err(named(chain(&*error))),
        Err(_) => Err(named("it panicked; the message is above".to_owned())),
    }
}
