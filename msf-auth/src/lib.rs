//! Who is calling: tokens, keys, sessions and passwords, for any axum `Router` and any tonic `Server`.
//!
//! [`token`] issues and verifies access tokens, [`identity`] proves to a callee which service is calling and for whom,
//! [`keys`] holds signing keys and fetches those of others, [`audit`] writes down what happened. The verifiers are
//! [`Authenticator`](msf_core::access::Authenticator)s: hand them to
//! [`AuthenticateLayer`](msf_core::access::AuthenticateLayer) or to `App::authenticate`.
//!
//! ```
//! use msf_auth::keys::KeyRing;
//! use msf_auth::token::{AccessTokens, AccessVerifier, NewAccess};
//! use msf_core::access::AuthenticateLayer;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = KeyRing::generate()?;
//! let tokens = AccessTokens::new(ring.clone(), "https://shop.example", "shop");
//! let issued = tokens.issue(&NewAccess::new("user-7", "session-1", "web").role("admin"))?;
//! assert_eq!(issued.expires_in.as_secs(), 600);
//!
//! let layer = AuthenticateLayer::new(AccessVerifier::new(ring, "https://shop.example", "shop"));
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

pub mod attempts;
pub mod audit;
mod bearer;
pub mod identity;
pub mod keys;
mod object;
pub mod password;
mod provider;
pub mod refresh;
mod strip;
pub mod token;

/// The error that everything here answers with.
pub use msf_core::error::Error;
pub use provider::install_crypto_provider;
pub use strip::{StripIdentityHeaders, StripIdentityHeadersService};
