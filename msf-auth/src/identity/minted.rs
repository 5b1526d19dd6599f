//! Tokens that were made lately, so that a call costs a look and not a signature.

use http::HeaderValue;
use quick_cache::sync::Cache;

/// How many callees times users are remembered.
const ENTRIES: usize = 10_000;
/// How long a token is used again, in seconds: half of its life, so that a callee always gets the other half.
const REUSE: u64 = 30;

/// Everything that a token says. Compared as a whole, so that no two can be taken for each other.
pub(super) type Said = Vec<u8>;

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

    pub(super) fn get(&self, said: &[u8], now: u64) -> Option<HeaderValue> {
        let token = self.0.get(said)?;
        let age = now.checked_sub(token.minted)?;
        (age < REUSE).then_some(token.value)
    }

    pub(super) fn insert(&self, said: Said, value: HeaderValue, minted: u64) {
        self.0.insert(said, Token { value, minted });
    }
}

/// Joins `parts`, each with its length: no two lists of parts look alike.
pub(super) fn said<'a>(parts: impl IntoIterator<Item = &'a str>) -> Said {
    let mut said = Vec::with_capacity(128);
    for part in parts {
        said.extend_from_slice(&part.len().to_be_bytes());
        said.extend_from_slice(part.as_bytes());
    }
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
        minted.insert(key.clone(), HeaderValue::from_static("t"), 100);
        assert!(minted.get(&key, 100).is_some());
        assert!(minted.get(&key, 129).is_some());
        assert!(minted.get(&key, 130).is_none());
        assert!(minted.get(&key, 99).is_none());
    }
}
