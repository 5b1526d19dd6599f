//! How often one address may fail to say who it is.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Extensions;
use tokio::time::Instant;

/// The time over which failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// How many addresses are counted, so that memory stays bounded. What comes beyond is not: whoever has as many addresses
/// is not held by this bound anyway, and others must not pay for it.
const ADDRESSES: usize = 65_536;

/// Bounds the bad credentials of one address: beyond the bound its credentials are not looked at for the rest of a minute.
///
/// The minute begins with the first failure. Requests without credentials are not concerned, nor are public routes: who
/// has used up the bound is as anonymous as anybody, and 429 with `Retry-After` where a principal is asked for. Addresses
/// of IPv6 are counted by their /64, which is what one customer gets. Clones share the counts.
///
/// Behind a proxy that all requests come through there is one address: limit there instead.
///
/// ```
/// use msf_core::access::FailureLimit;
/// use std::net::SocketAddr;
///
/// // On an axum app that is served with connect info:
/// let limit = FailureLimit::per_minute(300, |extensions| {
///     Some(extensions.get::<axum::extract::ConnectInfo<SocketAddr>>()?.0.ip())
/// });
/// # let _ = limit;
/// ```
#[derive(Clone)]
#[must_use]
pub struct FailureLimit {
    bound: u32,
    address: fn(&Extensions) -> Option<IpAddr>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    by_address: HashMap<IpAddr, Count>,
    swept: Option<Instant>,
}

struct Count {
    since: Instant,
    failures: u32,
}

impl FailureLimit {
    /// Lets each address fail `bound` times a minute; `address` finds it in the extensions of a request.
    ///
    /// A request without an address (a call inside the process) is not limited.
    pub fn per_minute(bound: u32, address: fn(&Extensions) -> Option<IpAddr>) -> Self {
        Self {
            bound,
            address,
            counts: Arc::default(),
        }
    }

    /// Whose failures are counted together.
    pub(super) fn source(&self, extensions: &Extensions) -> Option<IpAddr> {
        (self.address)(extensions).map(network)
    }

    /// How long `source` has to wait, if its bound is used up.
    pub(super) fn wait(&self, source: IpAddr) -> Option<Duration> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.by_address.get(&source)?;
        let left = WINDOW.checked_sub(count.since.elapsed())?;
        (count.failures >= self.bound && !left.is_zero()).then_some(left)
    }

    /// Counts one failure of `source`.
    pub(super) fn note(&self, source: IpAddr) {
        let now = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.sweep(now);
        if counts.by_address.len() >= ADDRESSES && !counts.by_address.contains_key(&source) {
            return;
        }
        let count = counts.by_address.entry(source).or_insert(Count {
            since: now,
            failures: 0,
        });
        if now.duration_since(count.since) >= WINDOW {
            *count = Count {
                since: now,
                failures: 0,
            };
        }
        count.failures = count.failures.saturating_add(1);
    }
}

impl Counts {
    /// Forgets what is over, at most once a second: a flood of addresses must not make each request walk the table.
    fn sweep(&mut self, now: Instant) {
        let due = self
            .swept
            .is_none_or(|swept| now.duration_since(swept) >= Duration::from_secs(1));
        if self.by_address.len() >= ADDRESSES && due {
            self.swept = Some(now);
            self.by_address
                .retain(|_, count| now.duration_since(count.since) < WINDOW);
        }
    }
}

impl fmt::Debug for FailureLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureLimit")
            .field("bound", &self.bound)
            .finish_non_exhaustive()
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let bits = address.to_bits() & (u128::MAX << 64);
            Ipv6Addr::from_bits(bits).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(bound: u32) -> FailureLimit {
        FailureLimit::per_minute(bound, |_| None)
    }

    fn address(text: &str) -> IpAddr {
        network(text.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_bound_is_exact_and_ends_with_its_minute() {
        let (limit, ana, bo) = (limit(3), address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..3 {
            assert_eq!(limit.wait(ana), None);
            limit.note(ana);
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(limit.wait(ana), Some(Duration::from_secs(40)));
        assert_eq!(limit.wait(bo), None);
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(limit.wait(ana), None);
        limit.note(ana);
        assert_eq!(limit.wait(ana), None);
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_of_ipv6_is_one_source() {
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_nobody_pays_for_a_flood_of_addresses() {
        let limit = limit(2);
        for number in 0..u32::try_from(ADDRESSES).unwrap() + 10 {
            limit.note(IpAddr::V4(number.into()));
        }
        let counted = |limit: &FailureLimit| limit.counts.lock().unwrap().by_address.len();
        assert_eq!(counted(&limit), ADDRESSES);
        let last = IpAddr::V4((u32::try_from(ADDRESSES).unwrap() + 9).into());
        for _ in 0..5 {
            limit.note(last);
        }
        assert_eq!(limit.wait(last), None);
        tokio::time::advance(WINDOW).await;
        limit.note(last);
        assert_eq!(counted(&limit), 1);
    }
}
