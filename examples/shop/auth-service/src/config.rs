//! The settings of the auth-service, beside those of every service.

use std::path::PathBuf;

use msf_service::Settings;

/// The settings of the auth-service.
#[derive(Debug, Settings)]
pub struct Config {
    /// Tokens and logins.
    pub auth: Auth,
}

/// Tokens and logins.
#[derive(Debug, Settings)]
pub struct Auth {
    /// Who signs access tokens: the `iss` of each. Every service that reads them has to be told the same.
    #[setting(default = "shop-auth")]
    pub issuer: String,
    /// Whom access tokens are for: the `aud` of each.
    #[setting(default = "shop-api")]
    pub audience: String,
    /// Folder with the keys. If absent: generated in the data folder in `dev`, refused in `prod`.
    pub keys: Option<PathBuf>,
    /// Failed logins of one account in a minute; then 429, whether the account exists or not.
    #[setting(default = 10)]
    pub login_failures: u32,
}
