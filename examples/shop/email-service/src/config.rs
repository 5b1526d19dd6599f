//! The settings of the email-service, beside those of every service.

use msf_service::Settings;

/// The settings of the email-service.
#[derive(Debug, Settings)]
pub struct Config {
    /// E-mails.
    pub mail: Mail,
    /// Tokens.
    pub auth: Auth,
}

/// E-mails: where they go, and whom they are from.
#[derive(Debug, Settings)]
pub struct Mail {
    /// Where e-mails go. `mailbox` keeps them in the data folder, for the page of the mailbox.
    #[setting(default = "mailbox")]
    pub backend: Backend,
    /// The address that they are from.
    #[setting(default = "no-reply@shop.example")]
    pub from: String,
}

/// Where e-mails go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings)]
pub enum Backend {
    /// Into the embedded mailbox.
    Mailbox,
}

/// Tokens of those who read the mailbox in profile `prod`.
#[derive(Debug, Settings)]
pub struct Auth {
    /// Who signs access tokens: the `iss` that each must have.
    #[setting(default = "shop-auth")]
    pub issuer: String,
    /// Whom access tokens are for: the `aud` that each must have.
    #[setting(default = "shop-api")]
    pub audience: String,
}
