//! Signing keys of one's own, and public keys of others.
//!
//! [`KeyRing`] holds the keys that a service signs with, in memory or in a folder, and publishes their public halves as
//! a JWKS (RFC 7517). [`RemoteKeys`] fetches the JWKS of another service or of an identity provider. Both are [`Keys`]:
//! what a verifier asks for a key by its id.
//!
//! What people wrongly assume:
//!
//! - *"The token says which algorithm to use."* A key has exactly one algorithm; a token that names another is refused.
//!   Otherwise a public RSA key can be passed off as an HMAC secret (CVE-2022-29217).
//! - *"Rotation is: make a new key and sign with it."* Whoever holds the old JWKS for five more minutes refuses the new
//!   tokens. A new key is published first, signs later, and the old one stays published until its last token is over.
//! - *"An unknown key id means: fetch the keys again."* Then anybody can make one request of yours into one request to
//!   the issuer. Here it is one fetch per 30 seconds, however many ids are made up.
//! - *"Keys that cannot be fetched mean a bad token."* They mean that nobody knows: the answer is 503, not 401.
//!
//! ```
//! use msf_auth::keys::KeyRing;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = KeyRing::generate()?;
//! let jwks: serde_json::Value = serde_json::from_str(&ring.jwks())?;
//! assert_eq!(jwks["keys"][0]["crv"], "Ed25519");
//! assert!(jwks["keys"][0].get("d").is_none());
//! # Ok(())
//! # }
//! ```

mod algorithm;
mod error;
mod folder;
mod http;
mod jwk;
mod lookup;
mod policy;
mod public_key;
mod remote;
mod ring;
mod ring_file;
mod rotation;
mod schedule;
mod set;
mod signing_key;
mod upkeep;

pub use self::http::{FetchFailed, HttpKeys};
pub use algorithm::SignatureAlgorithm;
pub use error::KeyRingError;
pub use jwk::UnusableKey;
pub use lookup::{Keys, KeysUnavailable};
pub use policy::RotationPolicy;
pub use public_key::PublicKey;
pub use remote::{KeySource, RemoteKeys};
pub use ring::{KeyRing, Rotated};
pub use set::{InvalidKeySet, KeySet};
pub use upkeep::KeyUpkeep;

pub(crate) use jwk::is_kid;
pub(crate) use lookup::unix_seconds;
pub(crate) use signing_key::SigningKey;
