//! A service process: write a function from a configuration to an [`App`], and [`run`] does the rest.
//!
//! ```no_run
//! use msf_service::prelude::*;
//!
//! #[derive(Settings)]
//! struct Config {
//!     /// First word of every answer.
//!     #[setting(default = "Hello")]
//!     greeting: String,
//! }
//!
//! async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
//!     let greeting = boot.config.greeting;
//!     let hello = async move |Path(name): Path<String>| format!("{greeting}, {name}!");
//!     Ok(App::new().http(Routes::new().get("/hello/{name}", Rule::public("a greeting"), hello)))
//! }
//!
//! fn main() -> ExitCode {
//!     msf_service::run(msf_service::info!(), app)
//! }
//! ```
//!
//! An app publishes events with [`Boot::events`](crate::Boot) and handles those of others with [`App::on`](crate::App): see
//! `msf_service::bus` (feature `bus`). What nobody could handle is kept; the command `dead` and the admin port show it.
//!
//! `main` calls the function, each test calls it ([`embed`]), and a process with several services calls it for each
//! ([`Host`]). There is no main macro, no type map and no global state but what `run` and `Host` install.
#![deny(missing_docs)]

pub mod admin;
pub mod client;
pub mod edge;
pub mod embed;
pub mod grpc;
pub mod http;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod telemetry;

mod access_table;
mod announcer;
mod app;
mod boot;
mod clients;
mod command_line;
mod commands;
mod complaint;
mod components;
mod data_dir;
#[cfg(feature = "bus")]
mod dead;
#[cfg(feature = "bus")]
mod event_settings;
#[cfg(feature = "bus")]
mod events;
mod exit;
mod host;
mod info;
#[cfg(feature = "auth")]
mod keys;
mod lifecycle;
mod process;
mod ready;
mod run;
mod running;
mod serve;
mod service_settings;
mod signals;
mod stack;
mod stop_all;
mod timetable;

pub use access_table::{AccessRow, RowKind};
pub use announcer::Announcer;
pub use app::App;
pub use boot::Boot;
pub use exit::Exit;
pub use host::Host;
pub use info::Info;
pub use run::run;
pub use service_settings::{
    AdminSettings, ClientSettings, HttpSettings, LimitSettings, LogSettings, ProcessSettings,
    Profile, ServiceSettings, ShutdownSettings, TlsSettings,
};

pub use msf_core::access::{Principal, Rule};
pub use msf_core::settings::Settings;
pub use msf_core::{BoxError, access, clock, component, context, error, health, observe, settings};
pub use {axum, prost_types, tonic, tonic_types, tracing};

#[cfg(feature = "bus")]
pub use event_settings::{EventBackend, EventSettings};
#[cfg(feature = "bus")]
pub use msf_bus as bus;
#[cfg(feature = "sqlite")]
pub use msf_store as store;
#[cfg(feature = "auth")]
pub use {keys::JWKS_PATH, msf_auth as auth};

/// What the functions of a start return: any error ends it, with its text.
pub type Result<T, E = BoxError> = std::result::Result<T, E>;

/// What nearly every service uses.
///
/// ```
/// use msf_service::prelude::*;
/// ```
pub mod prelude {
    pub use std::process::ExitCode;

    pub use crate::http::{Json, Path, Query, Routes};
    pub use crate::tracing;
    pub use crate::{App, Boot, Rule, Settings};
    pub use axum::extract::State;
    #[cfg(feature = "bus")]
    pub use msf_bus::{Delivery, Event, Events, Handled, Outgoing};
    pub use msf_core::error::Error;
    pub use tonic::{Request, Response, Status, async_trait};
}

/// Includes the code that `msf_build::compile` generated in the build script.
///
/// With the name of a package, as the proto spells it, its code alone; `_` is the package of protos without one:
///
/// ```ignore
/// mod pb { msf_service::include_proto!("hello.v1"); }
/// ```
///
/// Without a name every package that was compiled, each as deep in modules as its name is long. Take this one where a
/// package uses messages of another, for they are named relative to it:
///
/// ```ignore
/// mod pb { msf_service::include_proto!(); }   // pb::shop::user::v1, pb::shop::common::v1
/// ```
#[macro_export]
macro_rules! include_proto {
    () => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/all-packages.rs"));
    };
    ($package:literal) => {
        ::core::include!(::core::concat!(
            ::core::env!("OUT_DIR"),
            "/",
            $package,
            ".rs"
        ));
    };
}

/// What generated code needs; no part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use {prost, prost_types, tonic, tonic_prost};

    pub mod access {
        pub use msf_core::access::{ClientStream, RpcName, Rule};
    }

    pub mod grpc {
        pub use crate::grpc::{Guarded, ServiceInfo, guarded, service_info};
    }
}
