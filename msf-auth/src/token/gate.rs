//! What a token has to look like before anything of it is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Reason, TokenKind};
use crate::keys::is_kid;
use crate::object::Object;

/// The longest token, in bytes.
pub(crate) const MAX_TOKEN: usize = 8 * 1024;

/// A token of the right kind, in its parts. Nothing of it is verified.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) header: Header,
    /// What is signed: header and payload as they were sent.
    pub(super) message: &'a [u8],
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// The whole of a header: a member more (`crit`, `jwk`, `jku`, `x5c`, `zip`, ..), less or twice is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) alg: String,
    typ: String,
    pub(super) kid: String,
}

/// Whether the text can be a token: its length, its characters, its two dots.
pub(super) fn look(token: &str) -> Result<(), Reason> {
    if token.len() > MAX_TOKEN {
        return Err(Reason::Size);
    }
    let mut dots = 0;
    for byte in token.bytes() {
        match byte {
            b'.' => dots += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {}
            _ => return Err(Reason::Shape),
        }
    }
    if dots == 2 {
        Ok(())
    } else {
        Err(Reason::Shape)
    }
}

/// Takes a token apart that [`look`] let pass, if it is of this kind.
pub(super) fn open(token: &str, kind: TokenKind) -> Result<Parts<'_>, Reason> {
    let (message, signature) = token.rsplit_once('.').ok_or(Reason::Shape)?;
    let (header, payload) = message.split_once('.').ok_or(Reason::Shape)?;
    let Object::<Header>(header) =
        serde_json::from_slice(&decode(header)?).map_err(|_| Reason::Header)?;
    if !is_kid(&header.kid) {
        return Err(Reason::Header);
    }
    if !kind.is(&header.typ) {
        return Err(Reason::Type);
    }
    Ok(Parts {
        header,
        message: message.as_bytes(),
        payload: decode(payload)?,
        signature: decode(signature)?,
    })
}

/// One text per value: no padding, no bits left over.
fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Reason::Encoding)
}
