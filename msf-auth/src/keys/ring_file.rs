//! The file of a ring: `keys.json`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::SigningKey;
use super::rotation::{Rotation, TimedKey};

const VERSION: u32 = 1;
/// The end of the year 9999, in seconds since 1970.
const LATEST: u64 = 253_402_300_799;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    version: u32,
    #[serde(borrow)]
    keys: Vec<Entry<'a>>,
}

/// Its texts are borrowed, so that no copy of a secret is left behind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    kid: &'a str,
    /// Seconds since 1970.
    signs_from: u64,
    /// The secret key, base64url.
    pkcs8: &'a str,
}

pub(super) fn encode(rotation: &Rotation) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let secret = |timed: &TimedKey| Zeroizing::new(URL_SAFE_NO_PAD.encode(timed.key.pkcs8()));
    let secrets: Vec<_> = rotation.keys().map(secret).collect();
    let file = File {
        version: VERSION,
        keys: rotation
            .keys()
            .zip(&secrets)
            .map(|(timed, secret)| Entry {
                kid: timed.key.public().kid(),
                signs_from: timed.signs_from,
                pkcs8: secret,
            })
            .collect(),
    };
    // With room for all at once: a buffer that grows leaves copies of secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(256 + 512 * file.keys.len()));
    serde_json::to_writer_pretty(&mut *bytes, &file)?;
    Ok(bytes)
}

/// Reads the file of a ring; the error says what is wrong, and shows nothing of it.
pub(super) fn decode(bytes: &[u8]) -> Result<Rotation, String> {
    let file: File<'_> = serde_json::from_slice(bytes).map_err(|error| {
        format!(
            "it cannot be read at line {}, column {}",
            error.line(),
            error.column()
        )
    })?;
    if file.version != VERSION {
        return Err(format!(
            "it has version {}, and this program knows version {VERSION}",
            file.version
        ));
    }
    let mut rotation: Option<Rotation> = None;
    for (index, entry) in file.keys.iter().enumerate() {
        let timed = entry.key().ok_or_else(|| {
            format!("key number {} is no Ed25519 key, not the one that its id names, or has no sensible time", index + 1)
        })?;
        match &mut rotation {
            None => rotation = Some(Rotation::start(timed)),
            Some(rotation) => {
                if rotation.newest().signs_from >= timed.signs_from {
                    return Err(format!("key number {} is out of order", index + 1));
                }
                rotation.push(timed);
            }
        }
    }
    rotation.ok_or_else(|| "it holds no key".to_owned())
}

impl Entry<'_> {
    fn key(&self) -> Option<TimedKey> {
        let pkcs8 = Zeroizing::new(URL_SAFE_NO_PAD.decode(self.pkcs8.as_bytes()).ok()?);
        let key = SigningKey::from_pkcs8(&pkcs8)?;
        (key.public().kid() == self.kid && self.signs_from <= LATEST).then(|| TimedKey {
            key: Arc::new(key),
            signs_from: self.signs_from,
        })
    }
}
