//! The whole shop in a test: its services in the test's own thread, or the real program.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses a part of it"
)]

pub mod api;
pub mod client;
pub mod process;
pub mod services;

use std::sync::atomic::{AtomicUsize, Ordering};

use msf_service::client::Local;
use msf_service::settings::{Settings, Sources};
use msf_testing::{FakeClock, Start, Started};
use tempfile::TempDir;

/// The five services, in process, over one data folder.
pub struct Shop {
    pub gateway: Started,
    pub auth: Started,
    pub users: Started,
    pub products: Started,
    pub email: Started,
    pub folder: TempDir,
}

/// How the shop is started.
#[derive(Default)]
pub struct Options {
    pub clock: Option<FakeClock>,
    /// Bad credentials of one address in a minute; the default is the service's own.
    pub auth_failures: Option<u32>,
    pub login_failures: Option<u32>,
}

impl Shop {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        msf_service::auth::install_crypto_provider();
        let folder = tempfile::tempdir().unwrap();
        let local = Local::new();
        let named = |name: &str| {
            let mut start = Start::named(name).local(&local).data_dir(folder.path());
            if let Some(clock) = &options.clock {
                start = start.clock(clock);
            }
            if let Some(bound) = options.auth_failures {
                start = start.settings(|settings| settings.limits.auth_failures = bound);
            }
            start
        };
        let mut auth: auth_service::Config = defaults();
        if let Some(bound) = options.login_failures {
            auth.auth.login_failures = bound;
        }
        let mut users: user_service::Config = defaults();
        users.auth.first_admin.email = Some(ADMIN.to_owned());
        users.auth.first_admin.password = Some(PASSWORD.into());
        let users = named(user_service::NAME)
            .start(user_service::app, users)
            .await
            .unwrap();
        let products = named(product_service::NAME)
            .start(product_service::app, ())
            .await
            .unwrap();
        let email = named(email_service::NAME)
            .start(email_service::app, defaults())
            .await
            .unwrap();
        let auth = named(auth_service::NAME)
            .start(auth_service::app, auth)
            .await
            .unwrap();
        let gateway = named(api_gateway::NAME)
            .start(api_gateway::app, defaults())
            .await
            .unwrap()
            .hold_to_contract()
            .await;
        Self {
            gateway,
            auth,
            users,
            products,
            email,
            folder,
        }
    }

    /// Every service.
    pub fn all(&self) -> [&Started; 5] {
        let Self {
            gateway,
            auth,
            users,
            products,
            email,
            ..
        } = self;
        [gateway, auth, users, products, email]
    }

    /// Every log line of all services.
    pub fn logs(&self) -> Vec<serde_json::Value> {
        self.all().into_iter().flat_map(Started::logs).collect()
    }

    /// The lines that say that a fault was ours.
    pub fn errors(&self) -> Vec<serde_json::Value> {
        let lines = self.logs().into_iter();
        lines.filter(|line| line["level"] == "ERROR").collect()
    }
}

/// The settings that nobody set.
pub fn defaults<C: Settings>() -> C {
    Sources::for_app("test").load::<C>().unwrap().value
}

/// An e-mail address that no other call gave.
pub fn fresh_email() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("user-{}@example.com", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The first admin, whose password is [`PASSWORD`].
pub const ADMIN: &str = "admin@shop.example";

/// A password that every rule allows.
pub const PASSWORD: &str = "correct horse battery";
