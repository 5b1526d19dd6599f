//! The keys that a service signs with.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum_core::body::Body;
use axum_core::response::Response;
use futures_util::future::{self, BoxFuture};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use msf_core::clock::Clock;

use super::folder::{Folder, Locked};
use super::policy::JWKS_MAX_AGE;
use super::rotation::{Rotation, TimedKey};
use super::{
    KeyRingError, KeyUpkeep, Keys, KeysUnavailable, PublicKey, RotationPolicy, SigningKey,
    ring_file, unix_seconds,
};

/// The Ed25519 keys that a service signs its tokens with. A clone is one reference count and the same ring.
///
/// The id of a key is its thumbprint (RFC 7638). Secret halves never leave it, but into its own file.
///
/// ```
/// use msf_auth::keys::{KeyRing, RotationPolicy};
/// use msf_core::clock::Clock;
///
/// # fn main() -> Result<(), msf_auth::keys::KeyRingError> {
/// # let data = tempfile::tempdir().unwrap();
/// let folder = data.path().join("keys");
/// let ring = KeyRing::open(&folder, &Clock::system(), RotationPolicy::default())?;
/// let same = KeyRing::open(&folder, &Clock::system(), RotationPolicy::default())?;
/// assert_eq!(ring.jwks(), same.jwks());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeyRing {
    shared: Arc<Shared>,
}

struct Shared {
    keys: RwLock<Arc<Rotation>>,
    version: AtomicU64,
    folder: Option<Folder>,
    clock: Clock,
    policy: RotationPolicy,
}

/// What a rotation did.
///
/// ```
/// use msf_auth::keys::KeyRing;
/// let ring = KeyRing::generate().unwrap();
/// let rotated = ring.rotate().unwrap();
/// assert_eq!(ring.rotate().unwrap(), rotated, "the next one begins when this one is over");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The id of the new key, which is published now.
    pub kid: String,
    /// When it begins to sign.
    pub signs_from: SystemTime,
}

impl KeyRing {
    /// Makes a ring with one new key, in memory: tokens of this ring end with the process.
    ///
    /// # Errors
    ///
    /// The cryptographic library fails.
    pub fn generate() -> Result<Self, KeyRingError> {
        Self::in_memory(&Clock::system(), RotationPolicy::default())
    }

    /// Makes a ring with one new key, in memory, with a clock and times of your own.
    ///
    /// # Errors
    ///
    /// The policy does not work, or the cryptographic library fails.
    pub fn in_memory(clock: &Clock, policy: RotationPolicy) -> Result<Self, KeyRingError> {
        let policy = policy.check()?;
        let first = new_key(unix_seconds(clock.now()))?;
        Ok(Self::new(Rotation::start(first), None, clock, policy))
    }

    /// Reads the ring in `folder`, or makes one there.
    ///
    /// The folder is made with the permissions 0700 and its file with 0600; wider ones are refused. Several processes may
    /// share a folder: those that open it at once end with the same ring, and [`upkeep`](Self::upkeep) brings each the
    /// rotations of the others. It reads and writes files and may wait for another process that does: call it at the start.
    ///
    /// # Errors
    ///
    /// The folder cannot be used, its file is no ring (it is left as it is), or the policy does not work.
    pub fn open(
        folder: &Path,
        clock: &Clock,
        policy: RotationPolicy,
    ) -> Result<Self, KeyRingError> {
        let policy = policy.check()?;
        let folder = Folder::open(folder)?;
        // A ring that is there is not locked: a folder that is mounted read-only will do, only not to rotate in.
        let rotation = if let Some(rotation) = load(&folder)? {
            rotation
        } else {
            let locked = folder.lock()?;
            if let Some(rotation) = load(&folder)? {
                rotation
            } else {
                let rotation = Rotation::start(new_key(unix_seconds(clock.now()))?);
                store(&locked, &folder, &rotation)?;
                rotation
            }
        };
        Ok(Self::new(rotation, Some(folder), clock, policy))
    }

    fn new(
        rotation: Rotation,
        folder: Option<Folder>,
        clock: &Clock,
        policy: RotationPolicy,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                keys: RwLock::new(Arc::new(rotation)),
                version: AtomicU64::new(0),
                folder,
                clock: clock.clone(),
                policy,
            }),
        }
    }

    /// Publishes a new key, which signs after the time that the [`RotationPolicy`] says.
    ///
    /// While one is published and does not sign yet, no other is made: the answer is that one. Reads and writes the ring's
    /// file.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written; the ring stays as it was.
    pub fn rotate(&self) -> Result<Rotated, KeyRingError> {
        Ok(Rotated::of(self.change(|_, _| true)?.newest()))
    }

    /// Takes over what other processes changed in the folder, and rotates if the newest key is old enough.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written; the ring stays as it was.
    pub fn rotate_if_due(&self) -> Result<Option<Rotated>, KeyRingError> {
        self.reload()?;
        let period = self.shared.policy.period();
        let is_due = |rotation: &Rotation, now: u64| {
            now >= rotation.newest().signs_from.saturating_add(period)
        };
        if !is_due(&self.rotation(), self.now()) {
            return Ok(None);
        }
        let rotation = self.change(is_due)?;
        Ok(rotation.pending(self.now()).map(Rotated::of))
    }

    /// Takes over what other processes changed in the folder. In memory there is nothing to do.
    ///
    /// # Errors
    ///
    /// The file cannot be read; the ring stays as it was.
    pub fn reload(&self) -> Result<(), KeyRingError> {
        let Some(folder) = &self.shared.folder else {
            return Ok(());
        };
        let path = folder.file();
        let rotation = load(folder)?.ok_or_else(|| KeyRingError::Corrupt {
            path,
            what: "it is gone".to_owned(),
        })?;
        self.take(rotation);
        Ok(())
    }

    /// The component that rotates on time and takes over the rotations of other processes.
    pub fn upkeep(&self) -> KeyUpkeep {
        KeyUpkeep::new(self.clone())
    }

    /// The JWKS document: the public halves of all keys that tokens may name now.
    pub fn jwks(&self) -> String {
        let rotation = self.rotation();
        let published = rotation.published(self.now(), self.shared.policy);
        let keys: Vec<_> = published.map(|(key, _)| key.key.jwk()).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    /// The answer to a request for the JWKS: `application/jwk-set+json`, to be kept for five minutes at most.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// # let ring = msf_auth::keys::KeyRing::generate().unwrap();
    /// let routes: Router = Router::new()
    ///     .route("/.well-known/jwks.json", get(move || async move { ring.response() }));
    /// ```
    pub fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.jwks()));
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/jwk-set+json"),
        );
        let max_age = format!("public, max-age={}", JWKS_MAX_AGE.as_secs());
        if let Ok(value) = HeaderValue::try_from(max_age) {
            headers.insert(CACHE_CONTROL, value);
        }
        response
    }

    /// The key to sign with now.
    pub(crate) fn signing(&self) -> Arc<SigningKey> {
        Arc::clone(&self.rotation().signing(self.now()).key)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn longest_token(&self) -> Duration {
        self.shared.policy.longest_token()
    }

    fn now(&self) -> u64 {
        unix_seconds(self.shared.clock.now())
    }

    fn rotation(&self) -> Arc<Rotation> {
        let keys = &self.shared.keys;
        Arc::clone(&keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a key if `wanted` still says so once nobody else changes the ring, and no other key waits for its time.
    fn change(
        &self,
        wanted: impl Fn(&Rotation, u64) -> bool,
    ) -> Result<Arc<Rotation>, KeyRingError> {
        let Some(folder) = &self.shared.folder else {
            let mut keys = self
                .shared
                .keys
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(next) = self.successor(&keys, &wanted)? {
                *keys = Arc::new(next);
                self.shared.version.fetch_add(1, Ordering::Release);
            }
            return Ok(Arc::clone(&keys));
        };
        let locked = folder.lock()?;
        let mut rotation = load(folder)?.unwrap_or_else(|| Rotation::clone(&self.rotation()));
        if let Some(next) = self.successor(&rotation, &wanted)? {
            store(&locked, folder, &next)?;
            rotation = next;
        }
        self.take(rotation);
        Ok(self.rotation())
    }

    fn successor(
        &self,
        rotation: &Rotation,
        wanted: &impl Fn(&Rotation, u64) -> bool,
    ) -> Result<Option<Rotation>, KeyRingError> {
        let (now, policy) = (self.now(), self.shared.policy);
        if rotation.pending(now).is_some() || !wanted(rotation, now) {
            return Ok(None);
        }
        let mut next = rotation.clone();
        next.prune(now, policy);
        next.push(new_key(now.saturating_add(policy.ahead()))?);
        Ok(Some(next))
    }

    fn take(&self, rotation: Rotation) {
        let mut keys = self
            .shared
            .keys
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let ids = |rotation: &Rotation| -> Vec<_> {
            let id = |key: &TimedKey| (key.key.public().kid().to_owned(), key.signs_from);
            rotation.keys().map(id).collect()
        };
        if ids(&keys) != ids(&rotation) {
            *keys = Arc::new(rotation);
            self.shared.version.fetch_add(1, Ordering::Release);
        }
    }
}

fn new_key(signs_from: u64) -> Result<TimedKey, KeyRingError> {
    Ok(TimedKey {
        key: Arc::new(SigningKey::generate()?),
        signs_from,
    })
}

fn load(folder: &Folder) -> Result<Option<Rotation>, KeyRingError> {
    let Some(bytes) = folder.read()? else {
        return Ok(None);
    };
    match ring_file::decode(&bytes) {
        Ok(rotation) => Ok(Some(rotation)),
        Err(what) => Err(KeyRingError::Corrupt {
            path: folder.file(),
            what,
        }),
    }
}

fn store(locked: &Locked<'_>, folder: &Folder, rotation: &Rotation) -> Result<(), KeyRingError> {
    let bytes = ring_file::encode(rotation).map_err(|error| KeyRingError::Io {
        doing: "write",
        path: folder.file(),
        source: error.into(),
    })?;
    locked.write(&bytes)
}

impl Keys for KeyRing {
    fn find<'a>(
        &'a self,
        kid: &'a str,
    ) -> BoxFuture<'a, Result<Option<PublicKey>, KeysUnavailable>> {
        let rotation = self.rotation();
        let mut published = rotation.published(self.now(), self.shared.policy);
        let found = published.find(|(_, key)| key.kid() == kid);
        Box::pin(future::ready(Ok(found.map(|(_, key)| key))))
    }

    fn version(&self) -> u64 {
        self.shared.version.load(Ordering::Acquire)
    }
}

impl Rotated {
    fn of(key: &TimedKey) -> Self {
        Self {
            kid: key.key.public().kid().to_owned(),
            signs_from: UNIX_EPOCH
                .checked_add(Duration::from_secs(key.signs_from))
                .unwrap_or(UNIX_EPOCH),
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rotation = self.rotation();
        let kids: Vec<_> = rotation.keys().map(|key| key.key.public().kid()).collect();
        f.debug_struct("KeyRing")
            .field("keys", &kids)
            .finish_non_exhaustive()
    }
}
