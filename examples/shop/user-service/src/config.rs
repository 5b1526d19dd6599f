//! The settings of the user-service, beside those of every service.

use msf_service::Settings;
use msf_service::settings::Secret;

/// The settings of the user-service.
#[derive(Debug, Settings)]
pub struct Config {
    /// Who may manage the shop from the start.
    pub auth: Auth,
}

/// Who may manage the shop from the start.
#[derive(Debug, Settings)]
pub struct Auth {
    /// The first admin.
    pub first_admin: FirstAdmin,
}

/// The first admin, made while nobody is admin. If absent: generated at the first start in `dev`, nobody in `prod`.
#[derive(Debug, Settings)]
pub struct FirstAdmin {
    /// The e-mail address to log in with.
    pub email: Option<String>,
    /// The password; not looked at while anybody is admin.
    #[setting(secret)]
    pub password: Option<Secret>,
}
