//! The public keys of one issuer at one time.

use std::collections::HashMap;
use std::fmt;

use futures_util::future::{self, BoxFuture};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::jwk::UnusableKey;
use super::{Keys, KeysUnavailable, PublicKey};
use crate::object::Object;

/// A JWKS (RFC 7517), as far as its keys are usable.
///
/// As [`Keys`] it is for keys that never change. Keys that are not usable are left out and can be asked for; two keys of
/// one id are both left out, since nobody knows which is meant.
///
/// ```
/// use msf_auth::keys::{KeyRing, KeySet};
/// let ring = KeyRing::generate().unwrap();
/// let set = KeySet::parse(ring.jwks().as_bytes()).unwrap();
/// assert_eq!((set.len(), set.unusable().len()), (1, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: HashMap<String, PublicKey>,
    unusable: Vec<UnusableKey>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

impl KeySet {
    /// Reads a JWKS document. One without any key is a set without keys.
    ///
    /// # Errors
    ///
    /// It is no JWKS, or it has keys and none of them is usable.
    pub fn parse(json: &[u8]) -> Result<Self, InvalidKeySet> {
        let Object::<Document<'_>>(document) = serde_json::from_slice(json)
            .map_err(|error| InvalidKeySet::NoDocument(error.line(), error.column()))?;
        let mut set = Self::default();
        let mut twice = Vec::new();
        for key in document.keys {
            match PublicKey::from_jwk(key.get()) {
                Ok(key) if set.keys.contains_key(key.kid()) => twice.push(key.kid().to_owned()),
                Ok(key) => {
                    set.keys.insert(key.kid().to_owned(), key);
                }
                Err(unusable) => set.unusable.push(unusable),
            }
        }
        for kid in twice {
            set.keys.remove(&kid);
            let why = "another key of the set has the same `kid`";
            set.unusable.push(UnusableKey::new(&kid, why));
        }
        if set.keys.is_empty() && !set.unusable.is_empty() {
            return Err(InvalidKeySet::NoUsableKey(set.unusable));
        }
        Ok(set)
    }

    /// The key of this id.
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.get(kid)
    }

    /// How many usable keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that were left out, each with the reason.
    pub fn unusable(&self) -> &[UnusableKey] {
        &self.unusable
    }
}

impl Keys for KeySet {
    fn find<'a>(
        &'a self,
        kid: &'a str,
    ) -> BoxFuture<'a, Result<Option<PublicKey>, KeysUnavailable>> {
        Box::pin(future::ready(Ok(self.get(kid).cloned())))
    }

    fn version(&self) -> u64 {
        0
    }
}

/// A document is no key set that can be used.
///
/// ```
/// use msf_auth::keys::KeySet;
/// let error = KeySet::parse(b"<html>").unwrap_err();
/// assert_eq!(error.to_string(), "no JWKS: it stops being one at line 1, column 1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidKeySet {
    /// It is not a JSON object with an array `keys`: line and column.
    NoDocument(usize, usize),
    /// It has keys, and none can be used.
    NoUsableKey(Vec<UnusableKey>),
}

impl fmt::Display for InvalidKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDocument(line, column) => {
                write!(
                    f,
                    "no JWKS: it stops being one at line {line}, column {column}"
                )
            }
            Self::NoUsableKey(keys) => {
                f.write_str("a JWKS without a usable key")?;
                keys.iter().try_for_each(|key| write!(f, "; {key}"))
            }
        }
    }
}

impl std::error::Error for InvalidKeySet {}
