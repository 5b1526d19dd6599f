//! The secret behind every refresh token.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

/// The file of the key in its folder.
const FILE: &str = "refresh.key";
const SIZE: usize = 32;

/// Signs refresh tokens: 32 secret bytes, the same for every instance of a service.
///
/// Whoever has it together with one refresh token of a session can make the others. Changing it ends every session.
///
/// ```
/// use msf_auth::refresh::RefreshKey;
///
/// let folder = tempfile::tempdir().unwrap();
/// let key = RefreshKey::open(folder.path()).unwrap(); // made now, read the next time
/// assert_eq!(format!("{key:?}"), "RefreshKey([secret])");
/// ```
#[derive(Clone)]
pub struct RefreshKey {
    hmac: hmac::Key,
    id: KeyId,
}

/// Tells keys apart; it is derived from the key and gives nothing of it away.
pub(super) type KeyId = [u8; 8];

/// Why there is no refresh key.
///
/// ```
/// use msf_auth::refresh::RefreshKey;
/// let error = RefreshKey::open("no/such/folder").unwrap_err();
/// assert!(error.to_string().starts_with("cannot make the refresh key no/such/folder/refresh.key: "));
/// ```
#[derive(Debug)]
pub struct RefreshKeyError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Make(io::Error),
    Read(io::Error),
    Size(u64),
    Mode(u32),
}

impl RefreshKey {
    /// Reads `refresh.key` in `folder`, or makes it on the first start: 32 random bytes, readable by its owner only.
    ///
    /// The file appears complete or not at all, and processes that start at the same time end with the same key.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read or written, if the file is not 32 bytes long, and on Unix if others than its owner may read it. The
    /// message says what to do.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, RefreshKeyError> {
        let path = folder.as_ref().join(FILE);
        match Self::read(&path) {
            Err(RefreshKeyError {
                problem: Problem::Read(error),
                ..
            }) if error.kind() == ErrorKind::NotFound => {}
            read => return read,
        }
        make(folder.as_ref(), &path).map_err(|error| RefreshKeyError {
            path: path.clone(),
            problem: Problem::Make(error),
        })?;
        Self::read(&path)
    }

    /// The key of these bytes, for a key that comes from a secret store.
    pub fn from_bytes(secret: [u8; SIZE]) -> Self {
        let secret = Zeroizing::new(secret);
        let hmac = hmac::Key::new(hmac::HMAC_SHA256, &*secret);
        let tag = hmac::sign(&hmac, b"msf refresh key id");
        let mut id = KeyId::default();
        id.copy_from_slice(&tag.as_ref()[..size_of::<KeyId>()]);
        Self { hmac, id }
    }

    fn read(path: &Path) -> Result<Self, RefreshKeyError> {
        let failed = |problem| RefreshKeyError {
            path: path.to_owned(),
            problem,
        };
        let mut file = File::open(path).map_err(|error| failed(Problem::Read(error)))?;
        let metadata = file
            .metadata()
            .map_err(|error| failed(Problem::Read(error)))?;
        if metadata.len() != SIZE as u64 {
            return Err(failed(Problem::Size(metadata.len())));
        }
        if let Some(mode) = too_open(&metadata) {
            return Err(failed(Problem::Mode(mode)));
        }
        let mut secret = Zeroizing::new([0; SIZE]);
        io::Read::read_exact(&mut file, &mut *secret)
            .map_err(|error| failed(Problem::Read(error)))?;
        Ok(Self::from_bytes(*secret))
    }

    pub(super) fn id(&self) -> &KeyId {
        &self.id
    }

    pub(super) fn sign(&self, data: &[u8]) -> hmac::Tag {
        hmac::sign(&self.hmac, data)
    }

    /// Whether `tag` is that of `data`, in constant time.
    pub(super) fn has_signed(&self, data: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.hmac, data, tag).is_ok()
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshKey([secret])")
    }
}

/// Writes a key under a name of its own, then links it to `path`: a link never replaces what another process has put there.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let mut random = [0; 8];
    fill(&mut random)?;
    let name = format!(".{FILE}.{:016x}", u64::from_ne_bytes(random));
    let own = folder.join(name);
    let written = write(&own).and_then(|()| match fs::hard_link(&own, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = match fs::remove_file(&own) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    written.and(removed)?;
    sync_folder(folder)
}

fn write(path: &Path) -> io::Result<()> {
    let mut secret = Zeroizing::new([0; SIZE]);
    fill(&mut *secret)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(&*secret)?;
    file.sync_all()
}

fn fill(bytes: &mut [u8]) -> io::Result<()> {
    rand::fill(bytes).map_err(|_| io::Error::other("the system gave no random bytes"))
}

#[cfg(unix)]
fn too_open(metadata: &fs::Metadata) -> Option<u32> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn too_open(_: &fs::Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl fmt::Display for RefreshKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.problem {
            Problem::Make(error) => write!(f, "cannot make the refresh key {path}: {error}"),
            Problem::Read(error) => write!(f, "cannot read the refresh key {path}: {error}"),
            Problem::Size(size) => write!(
                f,
                "the refresh key {path} has {size} bytes instead of {SIZE}: put the right file back, or remove it, which ends all sessions"
            ),
            Problem::Mode(mode) => write!(
                f,
                "others may read the refresh key {path} (mode {mode:03o}): run `chmod 600 {path}`"
            ),
        }
    }
}

impl std::error::Error for RefreshKeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        None
    }
}
