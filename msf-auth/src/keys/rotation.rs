//! The keys of a ring over time, without clock, lock or file.

use std::sync::Arc;

use super::{PublicKey, RotationPolicy, SigningKey};

/// A key and the time from which it signs, in seconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct TimedKey {
    pub(super) key: Arc<SigningKey>,
    pub(super) signs_from: u64,
}

/// Keys in the order in which they sign; there is always one.
#[derive(Clone, Debug)]
pub(super) struct Rotation {
    first: TimedKey,
    later: Vec<TimedKey>,
}

impl Rotation {
    /// The first key signs at once: nobody holds a JWKS without it.
    pub(super) fn start(first: TimedKey) -> Self {
        Self {
            first,
            later: Vec::new(),
        }
    }

    pub(super) fn keys(&self) -> impl DoubleEndedIterator<Item = &TimedKey> {
        std::iter::once(&self.first).chain(&self.later)
    }

    pub(super) fn newest(&self) -> &TimedKey {
        self.later.last().unwrap_or(&self.first)
    }

    pub(super) fn push(&mut self, key: TimedKey) {
        self.later.push(key);
    }

    /// The key to sign with: the newest whose time has come. The oldest, on a clock that was set back before all.
    pub(super) fn signing(&self, now: u64) -> &TimedKey {
        let ready = |key: &&TimedKey| key.signs_from <= now;
        self.keys().rev().find(ready).unwrap_or(&self.first)
    }

    /// The newest key, where it is published and does not sign yet.
    pub(super) fn pending(&self, now: u64) -> Option<&TimedKey> {
        Some(self.newest()).filter(|newest| newest.signs_from > now)
    }

    /// The public keys that tokens may name now, each with the time at which it is retired.
    pub(super) fn published(
        &self,
        now: u64,
        policy: RotationPolicy,
    ) -> impl Iterator<Item = (&TimedKey, PublicKey)> {
        let successors = self.keys().skip(1).map(Some).chain([None]);
        self.keys().zip(successors).filter_map(move |(key, next)| {
            let until = next.map(|next| next.signs_from.saturating_add(policy.overlap()));
            until
                .is_none_or(|until| now < until)
                .then(|| (key, key.key.public().until(until)))
        })
    }

    /// Forgets the keys that are retired.
    pub(super) fn prune(&mut self, now: u64, policy: RotationPolicy) {
        while let Some(next) = self.later.first() {
            if now < next.signs_from.saturating_add(policy.overlap()) {
                return;
            }
            self.first = self.later.remove(0);
        }
    }
}
