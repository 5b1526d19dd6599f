//! Tokens that were made lately, so that a call costs a hash and not a signature.

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderValue;
use quick_cache::sync::Cache;

/// How many callees times users are remembered.
const ENTRIES: usize = 10_000;
/// How long a token is used again, in seconds: half of its life, so that a callee always gets the other half.
const REUSE: u64 = 30;

/// Everything that a token says, hashed.
pub(super) type Said = [u8; 32];

#[derive(Debug)]
pub(super) struct Minted(Cache<Said, Token>);

#[derive(Clone, Debug)]
struct Token {
    value: HeaderValue,
    minted: u64,
}

impl Minted {
    pub(super) fn new() -> Self {
        Self(Cache::new(ENTRIES))
    }

    pub(super) fn get(&self, said: &Said, now: u64) -> Option<HeaderValue> {
        let token = self.0.get(said)?;
        let age = now.checked_sub(token.minted)?;
        (age < REUSE).then_some(token.value)
    }

    pub(super) fn insert(&self, said: Said, value: HeaderValue, minted: u64) {
        self.0.insert(said, Token { value, minted });
    }
}

/// Hashes `parts`, each with its length: no two lists of parts look alike.
pub(super) fn said<'a>(parts: impl IntoIterator<Item = &'a str>) -> Said {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(&part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut said = [0; 32];
    said.copy_from_slice(hash.finish().as_ref());
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(said(["ab", "c"]), said(["a", "bc"]));
        assert_ne!(said(["a", ""]), said(["a"]));
        assert_eq!(said(["a", "b"]), said(["a", "b"]));
    }

    #[test]
    fn a_token_is_used_again_for_half_a_minute_and_never_after_the_clock_was_set_back() {
        let minted = Minted::new();
        let key = said(["a"]);
        minted.insert(key, HeaderValue::from_static("t"), 100);
        assert!(minted.get(&key, 100).is_some());
        assert!(minted.get(&key, 129).is_some());
        assert!(minted.get(&key, 130).is_none());
        assert!(minted.get(&key, 99).is_none());
    }
}
