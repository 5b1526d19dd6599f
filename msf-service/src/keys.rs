//! The keys of a service, and those of the services that call it.

use std::path::{Path, PathBuf};

use http::Uri;
use msf_auth::keys::{HttpKeys, RemoteKeys};

use crate::{Boot, Profile};

/// The file of a ring in its folder.
const KEYS: &str = "keys.json";

/// Where a service publishes its public keys.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

impl<C> Boot<C> {
    /// The folder of the service's keys: `setting`, which is the setting `auth.keys`; else in the data folder, below the name
    /// of the service, in profile `dev`.
    ///
    /// # Errors
    ///
    /// In production the setting is required, and the keys have to be there: a mistyped path must not give each instance
    /// keys of its own. A start in `dev` makes a folder that can be copied.
    pub fn key_folder(&self, service: &str, setting: Option<&Path>) -> crate::Result<PathBuf> {
        match (setting, self.profile()) {
            (Some(folder), _) if folder.join(KEYS).exists() => Ok(folder.to_owned()),
            (Some(_), Profile::Prod) => {
                let message = "has no keys.json, and in `prod` no key is generated";
                let help = "copy the folder that a start in profile `dev` makes, `keys` in its data folder";
                Err(self.refuse("auth.keys", message, help).into())
            }
            // Whoever only looks at the app must not make keys where they will be used.
            (Some(folder), Profile::Dev) if !self.is_looked_at() => Ok(folder.to_owned()),
            (_, Profile::Dev) => Ok(self.data_dir()?.join("keys").join(service)),
            (None, Profile::Prod) => {
                let help =
                    "name the folder with the keys; only in profile `dev` they are generated";
                Err(self.refuse("auth.keys", "is not set", help).into())
            }
        }
    }

    /// The public keys of another service, fetched from it when a token first names one: see [`RemoteKeys`].
    ///
    /// The service is found as [`client_at`](Self::client_at) finds it, and does not count in the order of the stop.
    ///
    /// # Errors
    ///
    /// The URL in the settings is none.
    pub fn keys_of(&self, service: &str, port: u16) -> crate::Result<RemoteKeys> {
        let channel = self.caller_at(service, port)?;
        Ok(RemoteKeys::new(HttpKeys::new(
            channel,
            Uri::from_static(JWKS_PATH),
        )))
    }
}
