//! Tokens made by hand, with real signatures: what an attacker or a careless issuer could send.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

use super::{AUDIENCE, ISSUER, NOW, b64};

/// A key pair of any of the algorithms, under the id `k`.
pub(crate) enum Forge {
    Ed(Ed25519KeyPair),
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Forge {
    pub(crate) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(crate) fn all() -> [Self; 3] {
        [Self::ed(), Self::ec(), Self::rsa()]
    }

    pub(crate) fn alg(&self) -> &'static str {
        match self {
            Self::Ed(_) => "EdDSA",
            Self::Ec(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    /// The public half, as others publish it.
    pub(crate) fn jwk(&self) -> Value {
        match self {
            Self::Ed(pair) => {
                let x = b64(pair.public_key());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x})
            }
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": b64(x), "y": b64(y)})
            }
            Self::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": "k", "n": b64(public.n), "e": b64(public.e)})
            }
        }
    }

    pub(crate) fn jwks(&self) -> String {
        json!({"keys": [self.jwk()]}).to_string()
    }

    /// The public half as raw bytes or DER: what a confused verifier would take for an HMAC secret.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ed(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }

    /// A token of these texts, whatever they are, signed.
    pub(crate) fn token(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(claims));
        let signature = b64(self.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// The header of an access token.
    pub(crate) fn header(&self) -> Value {
        json!({"typ": "at+jwt", "alg": self.alg(), "kid": "k"})
    }

    /// An access token with these claims.
    pub(crate) fn access(&self, claims: &Value) -> String {
        self.token(&self.header().to_string(), &claims.to_string())
    }
}

/// The claims of an access token that is taken at [`NOW`].
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "client_id": "web", "sid": "session-1", "jti": "token-1",
        "iat": NOW, "exp": NOW + 600, "roles": ["admin"],
    })
}

/// `claims` with `name` set to `value`.
pub(crate) fn with(mut claims: Value, name: &str, value: impl Into<Value>) -> Value {
    claims[name] = value.into();
    claims
}

/// `claims` without `name`.
pub(crate) fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}
