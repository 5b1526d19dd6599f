//! The public keys of another issuer, fetched when they are needed.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use futures_util::future::{self, BoxFuture};
use msf_core::BoxError;
use msf_core::error::chain;
use msf_core::observe;
use tokio::sync::watch;
use tokio::time::Instant;

use super::jwk::is_kid;
use super::schedule::Schedule;
use super::{KeySet, Keys, KeysUnavailable, PublicKey};

/// How long one fetch may take.
const FETCH_TIME: Duration = Duration::from_secs(2);
/// The largest JWKS that is read.
pub(super) const MAX_DOCUMENT: usize = 64 * 1024;

/// Where a JWKS document comes from.
///
/// [`HttpKeys`](super::HttpKeys) is one. An implementation need not bound its time or count its calls:
/// [`RemoteKeys`] does.
///
/// ```
/// use bytes::Bytes;
/// use msf_auth::keys::{KeySource, RemoteKeys};
/// use msf_core::{BoxError, BoxFuture};
///
/// /// A file that somebody else keeps fresh.
/// struct Mounted(std::path::PathBuf);
///
/// impl KeySource for Mounted {
///     fn fetch(&self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
///         Box::pin(async { Ok(tokio::fs::read(&self.0).await?.into()) })
///     }
/// }
/// let keys = RemoteKeys::new(Mounted("/etc/keys/jwks.json".into()));
/// # let _ = keys;
/// ```
pub trait KeySource: Send + Sync + 'static {
    /// Fetches the document, at most 64 KiB of it.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped after two seconds.
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, BoxError>>;
}

/// The public keys of another issuer. A clone is one reference count and the same keys.
///
/// It fetches when a token first names a key, and keeps what it has:
///
/// - Everybody who waits, waits for the same fetch; who is cancelled does not cancel it for the others.
/// - After a fetch that succeeded, an unknown key id leads to another one 30 seconds later at the earliest, also when the
///   set was empty. Until then the answer is "unknown", at once.
/// - After one that failed the pause is one second, doubling to 30. The keys in hand stay; an unknown id is
///   [`KeysUnavailable`].
/// - Keys that are five minutes old are fetched again in the background when one of them is used.
///
/// Time is tokio's. Keys that are not usable are left out and logged once.
///
/// ```
/// use msf_auth::keys::{HttpKeys, RemoteKeys};
/// use http_body_util::Empty;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
///
/// let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
/// let uri = http::Uri::from_static("http://auth-service:8081/.well-known/jwks.json");
/// let keys = RemoteKeys::new(HttpKeys::new(client, uri));
/// # let _ = keys;
/// ```
#[derive(Clone)]
pub struct RemoteKeys {
    shared: Arc<Shared>,
}

struct Shared {
    source: Box<dyn KeySource>,
    set: RwLock<Arc<KeySet>>,
    version: AtomicU64,
    fetching: Mutex<Fetching>,
    /// Counts the fetches that ended; a waiter waits for the next one.
    landed: watch::Sender<u64>,
    started: Instant,
    /// When the use of a key leads to a fetch, in milliseconds since `started`: what a hit looks at.
    stale_from: AtomicU64,
}

#[derive(Default)]
struct Fetching {
    schedule: Schedule,
    in_flight: bool,
    /// Of the document that was last read; the same one is not read, nor logged, again.
    document: Option<[u8; 32]>,
    failure: Option<KeysUnavailable>,
}

/// Records the end of a fetch, also when its task panicked or died with its runtime.
struct Flight {
    shared: Arc<Shared>,
    ended: bool,
}

impl RemoteKeys {
    /// Fetches from `source`, not before a key is asked for.
    pub fn new(source: impl KeySource) -> Self {
        Self {
            shared: Arc::new(Shared {
                source: Box::new(source),
                set: RwLock::default(),
                version: AtomicU64::new(0),
                fetching: Mutex::default(),
                landed: watch::Sender::new(0),
                started: Instant::now(),
                stale_from: AtomicU64::new(0),
            }),
        }
    }

    /// Looks again after the fetch in flight, or after one that begins now, if one may begin.
    async fn find_after_fetch(&self, kid: &str) -> Result<Option<PublicKey>, KeysUnavailable> {
        let (mut landing, flight) = {
            let mut fetching = self.shared.fetching();
            // It may have landed since the set was looked at.
            if let Some(key) = self.shared.get(kid) {
                return Ok(Some(key));
            }
            let may_fetch = fetching.schedule.may_fetch(Instant::now());
            if !may_fetch && !fetching.in_flight {
                return fetching.unknown();
            }
            let landing = self.shared.landed.subscribe();
            (landing, Flight::begin(&self.shared, &mut fetching))
        };
        if let Some(flight) = flight {
            flight.launch();
        }
        // It fails only once the sender is gone, and that is our own.
        let _ = landing.changed().await;
        match self.shared.get(kid) {
            Some(key) => Ok(Some(key)),
            None => self.shared.fetching().unknown(),
        }
    }
}

impl Keys for RemoteKeys {
    fn find<'a>(
        &'a self,
        kid: &'a str,
    ) -> BoxFuture<'a, Result<Option<PublicKey>, KeysUnavailable>> {
        if let Some(key) = self.shared.get(kid) {
            self.shared.refresh_if_stale();
            return Box::pin(future::ready(Ok(Some(key))));
        }
        if !is_kid(kid) {
            return Box::pin(future::ready(Ok(None)));
        }
        Box::pin(self.find_after_fetch(kid))
    }

    fn version(&self) -> u64 {
        self.shared.refresh_if_stale();
        self.shared.version.load(Ordering::Acquire)
    }
}

impl Fetching {
    /// The answer for a key id that is not in the set, while none is fetched.
    fn unknown(&self) -> Result<Option<PublicKey>, KeysUnavailable> {
        match &self.failure {
            Some(failure) if self.schedule.failed_last() => Err(failure.clone()),
            _ => Ok(None),
        }
    }
}

impl Shared {
    fn fetching(&self) -> MutexGuard<'_, Fetching> {
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, kid: &str) -> Option<PublicKey> {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        set.get(kid).cloned()
    }

    fn millis(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.started);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Begins a fetch in the background if the keys are old.
    fn refresh_if_stale(self: &Arc<Self>) {
        let now = Instant::now();
        if self.millis(now) < self.stale_from.load(Ordering::Acquire) {
            return;
        }
        let flight = {
            let mut fetching = self.fetching();
            if !fetching.schedule.is_stale(now) {
                return;
            }
            Flight::begin(self, &mut fetching)
        };
        if let Some(flight) = flight {
            flight.launch();
        }
    }

    fn land(&self, fetched: Result<Bytes, BoxError>) {
        let mut fetching = self.fetching();
        let now = Instant::now();
        match fetched.and_then(|document| self.read(&mut fetching, &document)) {
            Ok(()) => {
                fetching.schedule.succeeded(now);
                fetching.failure = None;
            }
            Err(error) => {
                tracing::warn!(target: "msf::auth", error = chain(&*error), "an issuer's keys cannot be fetched");
                fetching.schedule.failed(now);
                fetching.failure = Some(KeysUnavailable::new(error));
            }
        }
        if let Some(from) = fetching.schedule.stale_from() {
            self.stale_from.store(self.millis(from), Ordering::Release);
        }
        fetching.in_flight = false;
        self.landed.send_modify(|count| *count += 1);
    }

    fn read(&self, fetching: &mut Fetching, document: &[u8]) -> Result<(), BoxError> {
        if document.len() > MAX_DOCUMENT {
            return Err(format!("the JWKS is longer than {MAX_DOCUMENT} bytes").into());
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, document).as_ref());
        if fetching.document == Some(hash) {
            return Ok(());
        }
        let set = KeySet::parse(document)?;
        for unusable in set.unusable() {
            tracing::warn!(target: "msf::auth", key = %unusable, "a key of an issuer is not used");
        }
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        self.version.fetch_add(1, Ordering::Release);
        fetching.document = Some(hash);
        Ok(())
    }
}

impl Flight {
    /// A flight, unless one is in the air. It is launched without the lock: where it cannot start it lands at once.
    fn begin(shared: &Arc<Shared>, fetching: &mut Fetching) -> Option<Self> {
        if fetching.in_flight {
            return None;
        }
        fetching.in_flight = true;
        Some(Self {
            shared: Arc::clone(shared),
            ended: false,
        })
    }

    /// Fetches in a task of its own, so that nobody's cancelled request cancels it for the others.
    fn launch(self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        match observe::service_name() {
            Some(name) => drop(runtime.spawn(observe::in_service(name, self.fly()))),
            None => drop(runtime.spawn(self.fly())),
        }
    }

    async fn fly(mut self) {
        let fetch = self.shared.source.fetch();
        let fetched = match tokio::time::timeout(FETCH_TIME, fetch).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("no answer within {} seconds", FETCH_TIME.as_secs()).into()),
        };
        self.ended = true;
        self.shared.land(fetched);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.ended {
            self.shared
                .land(Err("its task panicked, or there is no tokio runtime".into()));
        }
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self
            .shared
            .set
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("RemoteKeys")
            .field("keys", &set.len())
            .field("version", &self.shared.version)
            .finish_non_exhaustive()
    }
}
