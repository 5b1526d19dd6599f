//! One signing key.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm,
    OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse,
};
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::{KeyRingError, PublicKey, SignatureAlgorithm};
use crate::provider::PROVIDER;

/// An Ed25519 key pair. Its secret half is overwritten when it is dropped.
pub(crate) struct SigningKey {
    secret: EncodingKey,
    public: PublicKey,
    /// The public half as JSON.
    jwk: String,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, KeyRingError> {
        let failed = |_| KeyRingError::Crypto("no signing key can be generated");
        let pair = Ed25519KeyPair::generate().map_err(failed)?;
        let document = pair.to_pkcs8v1().map_err(failed)?;
        Self::from_pkcs8(document.as_ref()).ok_or(KeyRingError::Crypto(
            "a new signing key failed its own test",
        ))
    }

    /// Takes a key in PKCS#8 form if it can sign and its own public half verifies that.
    pub(super) fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let x = pair.public_key().as_ref();
        let jwk = public_jwk(x);
        let kid = jwk.common.key_id.clone()?;
        let key = Self {
            secret: EncodingKey::from_ed_der(pkcs8),
            public: PublicKey::new(kid, SignatureAlgorithm::EdDsa, DecodingKey::from_ed_der(x)),
            jwk: serde_json::to_string(&jwk).ok()?,
        };
        let test = b"a signing key signs and verifies once before it is used";
        let signature = key.sign(test)?;
        key.public.verifies(test, &signature).then_some(key)
    }

    /// The signature over `message`; `None` where the cryptographic library fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let algorithm = self.public.algorithm().jwt();
        let signer = (PROVIDER.signer_factory)(&algorithm, &self.secret).ok()?;
        signer.try_sign(message).ok()
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn jwk(&self) -> &str {
        &self.jwk
    }

    /// The secret in PKCS#8 form, for the file of the ring.
    pub(super) fn pkcs8(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .field("secret", &"[secret]")
            .finish_non_exhaustive()
    }
}

fn public_jwk(x: &[u8]) -> Jwk {
    let x = URL_SAFE_NO_PAD.encode(x);
    Jwk {
        common: CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(KeyAlgorithm::EdDSA),
            key_id: Some(thumbprint(&x)),
            ..CommonParameters::default()
        },
        algorithm: AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            key_type: OctetKeyPairType::OctetKeyPair,
            curve: EllipticCurve::Ed25519,
            x,
        }),
    }
}

/// The SHA-256 thumbprint of RFC 7638 and RFC 8037, of a public key `x` in base64url.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.3.
    #[test]
    fn the_id_of_a_key_is_its_thumbprint() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(thumbprint(x), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn what_is_no_key_is_not_taken() {
        let key = SigningKey::generate().unwrap();
        assert!(SigningKey::from_pkcs8(key.pkcs8()).is_some());
        assert!(SigningKey::from_pkcs8(&[]).is_none());
        assert!(SigningKey::from_pkcs8(&key.pkcs8()[1..]).is_none());
        assert!(!format!("{key:?}").contains(&URL_SAFE_NO_PAD.encode(key.pkcs8())));
    }
}
