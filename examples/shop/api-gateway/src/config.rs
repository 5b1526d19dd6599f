//! The settings of the gateway, beside those of every service.

use std::path::PathBuf;

use msf_service::Settings;

/// The settings of the gateway.
#[derive(Debug, Settings)]
pub struct Config {
    /// Tokens.
    pub auth: Auth,
}

/// Tokens: those that clients send, and those that tell the services who is calling.
#[derive(Debug, Settings)]
pub struct Auth {
    /// Who signs access tokens: the `iss` that each must have.
    #[setting(default = "shop-auth")]
    pub issuer: String,
    /// Whom access tokens are for: the `aud` that each must have.
    #[setting(default = "shop-api")]
    pub audience: String,
    /// Folder with the keys that prove the gateway to the services. If absent: generated in the data folder in `dev`, refused
    /// in `prod`.
    pub keys: Option<PathBuf>,
}
