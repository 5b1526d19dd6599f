//! The algorithms that a token may be signed with.

use std::fmt;

/// The one algorithm that a key is used with (RFC 7518, RFC 8037).
///
/// There is no HMAC: a shared secret lets every service that verifies also sign. There is no `none`.
///
/// ```
/// use msf_auth::keys::SignatureAlgorithm;
/// assert_eq!(SignatureAlgorithm::EdDsa.to_string(), "EdDSA");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// Ed25519. What msf signs with.
    EdDsa,
    /// ECDSA on P-256 with SHA-256: foreign issuers.
    Es256,
    /// RSA PKCS#1 1.5 with SHA-256, keys of at least 2048 bits: foreign issuers.
    Rs256,
}

impl SignatureAlgorithm {
    /// The name in the headers of tokens and in a JWKS. Case counts.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    pub(crate) fn jwt(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
