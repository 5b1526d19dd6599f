//! Makes tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use msf_core::BoxError;
use msf_core::settings::Secret;
use serde::Serialize;

use super::TokenKind;
use super::gate::MAX_TOKEN;
use crate::keys::KeyRing;

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

/// Signs `claims` with the ring's current key.
pub(crate) fn sign<C: Serialize>(
    ring: &KeyRing,
    kind: TokenKind,
    claims: &C,
) -> Result<Secret, BoxError> {
    let key = ring.signing();
    let header = Header {
        typ: kind.typ(),
        alg: key.public().algorithm().name(),
        kid: key.public().kid(),
    };
    let mut token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
    let signature = key
        .sign(token.as_bytes())
        .ok_or("the cryptographic library cannot sign")?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    if token.len() > MAX_TOKEN {
        let length = token.len();
        return Err(format!(
            "the token is {length} bytes long and verifiers take {MAX_TOKEN}: give it fewer roles or claims"
        )
        .into());
    }
    Ok(Secret::new(token))
}

/// A new token id (`jti`).
pub(crate) fn token_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
