//! One public key, bound to its one algorithm.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;

use super::SignatureAlgorithm;
use super::jwk::{self, UnusableKey};
use crate::provider::PROVIDER;

/// A public key with its id and its one algorithm. A clone is one reference count.
///
/// The only way to make one is from a JWK that passes all checks.
///
/// ```
/// use msf_auth::keys::{PublicKey, SignatureAlgorithm};
///
/// let key = PublicKey::from_jwk(
///     r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// ).unwrap();
/// assert_eq!(key.algorithm(), SignatureAlgorithm::EdDsa);
/// ```
#[derive(Clone)]
pub struct PublicKey {
    inner: Arc<Inner>,
    /// When its issuer takes it back, in seconds since 1970, where that is known.
    valid_until: Option<u64>,
}

struct Inner {
    kid: String,
    algorithm: SignatureAlgorithm,
    key: DecodingKey,
}

impl PublicKey {
    /// Reads a public key from its JSON form (RFC 7517).
    ///
    /// `kid` is required, 1 to 64 of `[A-Za-z0-9._-]`. Ed25519, P-256 and RSA of 2048 to 8192 bits with the exponent 65537
    /// are taken; `use`, `key_ops` and `alg`, where they are there, have to allow what the key is for; a private part or a
    /// member that is there twice makes it unusable.
    ///
    /// # Errors
    ///
    /// [`UnusableKey`], which says why.
    pub fn from_jwk(json: &str) -> Result<Self, UnusableKey> {
        jwk::parse(json)
    }

    pub(super) fn new(kid: String, algorithm: SignatureAlgorithm, key: DecodingKey) -> Self {
        Self {
            inner: Arc::new(Inner {
                kid,
                algorithm,
                key,
            }),
            valid_until: None,
        }
    }

    pub(super) fn until(&self, valid_until: Option<u64>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            valid_until,
        }
    }

    /// The id by which tokens name it.
    pub fn kid(&self) -> &str {
        &self.inner.kid
    }

    /// The algorithm that it is used with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.inner.algorithm
    }

    pub(crate) fn valid_until(&self) -> Option<u64> {
        self.valid_until
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &Vec<u8>) -> bool {
        let algorithm = self.inner.algorithm.jwt();
        (PROVIDER.verifier_factory)(&algorithm, &self.inner.key)
            .is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kid", &self.inner.kid)
            .field("algorithm", &self.inner.algorithm)
            .finish_non_exhaustive()
    }
}
