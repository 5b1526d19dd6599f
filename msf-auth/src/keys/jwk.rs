//! A key of a JWKS: what is looked at before it is used.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{PublicKey, SignatureAlgorithm};
use crate::object::Object;

const MAX_KID: usize = 64;
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// Why a key of a JWKS is not used. It never shows more of the key than its id.
///
/// ```
/// use msf_auth::keys::PublicKey;
/// let error = PublicKey::from_jwk(r#"{"kty":"oct","kid":"a","k":"c2VjcmV0"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "key a: it holds a secret part (`k`)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableKey {
    kid: String,
    why: String,
}

impl UnusableKey {
    pub(super) fn new(kid: &str, why: impl Into<String>) -> Self {
        // An id that is no id is not repeated: it would be anybody's text in the log.
        let kid = if is_kid(kid) {
            kid
        } else {
            "without a valid id"
        };
        Self {
            kid: kid.to_owned(),
            why: why.into(),
        }
    }
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}: {}", self.kid, self.why)
    }
}

impl std::error::Error for UnusableKey {}

/// The members that are looked at. Others (`x5c`, `x5t`, ..) are nothing to us; one of these twice is an error.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

/// Whether `text` can be the id of a key: 1 to 64 of `[A-Za-z0-9._-]`.
pub(crate) fn is_kid(text: &str) -> bool {
    (1..=MAX_KID).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

pub(super) fn parse(json: &str) -> Result<PublicKey, UnusableKey> {
    // serde's own words quote values of the document; where it is wrong is enough.
    let Object::<Jwk>(jwk) = serde_json::from_str(json).map_err(|error| {
        UnusableKey::new("", format!("it is no JWK, at column {}", error.column()))
    })?;
    jwk.key().map_err(|why| UnusableKey::new(&jwk.kid, why))
}

impl Jwk {
    fn key(&self) -> Result<PublicKey, String> {
        if !is_kid(&self.kid) {
            return Err(format!(
                "its `kid` is not 1 to {MAX_KID} of the characters A-Z a-z 0-9 . _ -"
            ));
        }
        if let Some(name) = self.secret_part() {
            return Err(format!("it holds a secret part (`{name}`)"));
        }
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("its `use` is not `sig`".to_owned());
        }
        let verifies = |ops: &Vec<String>| ops.iter().any(|op| op == "verify");
        if self.key_ops.as_ref().is_some_and(|ops| !verifies(ops)) {
            return Err("its `key_ops` do not hold `verify`".to_owned());
        }
        let (algorithm, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => (SignatureAlgorithm::EdDsa, self.ed25519()?),
            ("EC", Some("P-256")) => (SignatureAlgorithm::Es256, self.p256()?),
            ("RSA", None) => (SignatureAlgorithm::Rs256, self.rsa()?),
            _ => return Err("its type is none of Ed25519, P-256 and RSA".to_owned()),
        };
        if self
            .alg
            .as_deref()
            .is_some_and(|alg| alg != algorithm.name())
        {
            return Err(format!("its `alg` is not {algorithm}"));
        }
        Ok(PublicKey::new(self.kid.clone(), algorithm, key))
    }

    fn secret_part(&self) -> Option<&'static str> {
        let parts = [
            ("d", &self.d),
            ("p", &self.p),
            ("q", &self.q),
            ("dp", &self.dp),
            ("dq", &self.dq),
            ("qi", &self.qi),
            ("oth", &self.oth),
            ("k", &self.k),
        ];
        parts
            .into_iter()
            .find(|(_, part)| part.is_some())
            .map(|(name, _)| name)
    }

    fn ed25519(&self) -> Result<DecodingKey, String> {
        let x = bytes("x", self.x.as_deref())?;
        is_point(&ED25519, &x)?;
        Ok(DecodingKey::from_ed_der(&x))
    }

    fn p256(&self) -> Result<DecodingKey, String> {
        let (x, y) = (
            bytes("x", self.x.as_deref())?,
            bytes("y", self.y.as_deref())?,
        );
        if x.len() != 32 || y.len() != 32 {
            return Err("its `x` and `y` are not of 32 bytes each".to_owned());
        }
        let point = [&[4][..], &x, &y].concat();
        is_point(&ECDSA_P256_SHA256_FIXED, &point)?;
        Ok(DecodingKey::from_ec_der(&point))
    }

    fn rsa(&self) -> Result<DecodingKey, String> {
        let (n, e) = (
            bytes("n", self.n.as_deref())?,
            bytes("e", self.e.as_deref())?,
        );
        let bits = n.first().map_or(0, |first| {
            n.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0)
        });
        if n.first() == Some(&0) || !RSA_BITS.contains(&bits) {
            return Err(format!(
                "its modulus is not of {} to {} bits",
                RSA_BITS.start(),
                RSA_BITS.end()
            ));
        }
        if e != RSA_EXPONENT {
            return Err("its exponent is not 65537".to_owned());
        }
        Ok(DecodingKey::from_rsa_raw_components(&n, &e))
    }
}

fn bytes(name: &str, text: Option<&str>) -> Result<Vec<u8>, String> {
    text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .ok_or_else(|| format!("its `{name}` is missing or not base64url"))
}

fn is_point(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Result<(), String> {
    match UnparsedPublicKey::new(algorithm, key).parse() {
        Ok(_) => Ok(()),
        Err(_) => Err("its value is no key of its curve".to_owned()),
    }
}
