//! The cryptography behind the tokens.

pub(crate) use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER as PROVIDER;

/// Makes aws-lc-rs the process-wide provider of `jsonwebtoken`. Calling it again does nothing.
///
/// msf-auth itself hands the provider to each of its own signatures and never asks for the process-wide one. Code that
/// calls `jsonwebtoken::encode` or `decode` by itself does ask, and panics at its first use where another crate of the
/// program has switched on a second provider. `msf_service::run` and `Host` call this; a program without them calls it
/// first thing in `main`. A provider that was installed before stays.
///
/// ```
/// msf_auth::install_crypto_provider();
/// msf_auth::install_crypto_provider();
/// ```
pub fn install_crypto_provider() {
    // An error says that one is installed, and the first stays.
    let _ = PROVIDER.install_default();
}
