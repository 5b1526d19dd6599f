//! Tokens that passed, by their hash.

use aws_lc_rs::digest::{SHA256, digest};
use msf_core::access::Principal;
use quick_cache::sync::Cache;

/// The SHA-256 of a whole token. Anything shorter could be made to collide, and the token itself would lie in memory.
pub(super) type TokenHash = [u8; 32];

/// What is remembered of a token that passed.
#[derive(Clone, Debug)]
pub(super) struct Passed {
    pub(super) principal: Principal,
    /// Seconds since 1970 from which on it is no longer taken.
    pub(super) until: u64,
    /// Whose keys verified it, and their version then.
    pub(super) issuer: usize,
    pub(super) version: u64,
}

#[derive(Debug)]
pub(super) struct TokenCache(Cache<TokenHash, Passed>);

impl TokenCache {
    pub(super) fn new(entries: usize) -> Self {
        Self(Cache::new(entries))
    }

    pub(super) fn get(&self, hash: &TokenHash) -> Option<Passed> {
        self.0.get(hash)
    }

    pub(super) fn insert(&self, hash: TokenHash, passed: Passed) {
        self.0.insert(hash, passed);
    }

    pub(super) fn remove(&self, hash: &TokenHash) {
        self.0.remove(hash);
    }
}

pub(super) fn hash(token: &[u8]) -> TokenHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token).as_ref());
    hash
}
