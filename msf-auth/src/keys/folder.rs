//! The folder of a ring: only its owner reads it, one process changes it at a time, and a change is there whole or not at
//! all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::KeyRingError;

const KEYS: &str = "keys.json";
const NEXT: &str = "keys.json.next";
const LOCK: &str = "keys.lock";
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const OTHERS: u32 = 0o077;

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// While it lives no other process, and no other ring of this one, changes the folder.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    folder: &'a Folder,
    // The system takes the lock back when the file is closed, also when the process is killed.
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is missing, and checks who may enter it.
    pub(super) fn open(path: &Path) -> Result<Self, KeyRingError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        only_owner_enters(&mut builder);
        builder.create(path).map_err(failed("create", path))?;
        let metadata = fs::metadata(path).map_err(failed("read", path))?;
        check_mode(path, &metadata, FOLDER_MODE)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Waits until nobody else holds the folder.
    pub(super) fn lock(&self) -> Result<Locked<'_>, KeyRingError> {
        let path = self.path.join(LOCK);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        only_owner_reads(&mut options);
        let lock = options.open(&path).map_err(failed("open", &path))?;
        lock.lock().map_err(failed("lock", &path))?;
        Ok(Locked {
            folder: self,
            _lock: lock,
        })
    }

    pub(super) fn file(&self) -> PathBuf {
        self.path.join(KEYS)
    }

    /// The content of the file, if there is one. It needs no lock: a file is replaced whole.
    pub(super) fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyRingError> {
        let path = self.file();
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        let metadata = file.metadata().map_err(failed("read", &path))?;
        check_mode(&path, &metadata, FILE_MODE)?;
        let size = usize::try_from(metadata.len()).unwrap_or(0);
        let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
        file.read_to_end(&mut bytes)
            .map_err(failed("read", &path))?;
        Ok(Some(bytes))
    }
}

impl Locked<'_> {
    /// Replaces the file: after a crash at any moment the old or the new content is there.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), KeyRingError> {
        let (next, path) = (self.folder.path.join(NEXT), self.folder.file());
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &next)(error));
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        only_owner_reads(&mut options);
        let mut file = options.open(&next).map_err(failed("create", &next))?;
        file.write_all(bytes).map_err(failed("write", &next))?;
        file.sync_all().map_err(failed("write", &next))?;
        fs::rename(&next, &path).map_err(failed("replace", &path))?;
        sync_folder(&self.folder.path)
    }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyRingError {
    let path = path.to_owned();
    move |source| KeyRingError::Io {
        doing,
        path,
        source,
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<(), KeyRingError> {
    let folder = File::open(path).map_err(failed("open", path))?;
    folder.sync_all().map_err(failed("write", path))
}

#[cfg(unix)]
fn only_owner_enters(builder: &mut DirBuilder) {
    use std::os::unix::fs::DirBuilderExt as _;
    builder.mode(FOLDER_MODE);
}

#[cfg(unix)]
fn only_owner_reads(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(FILE_MODE);
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata, allowed: u32) -> Result<(), KeyRingError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(KeyRingError::Exposed {
            path: path.to_owned(),
            mode,
            allowed,
        });
    }
    Ok(())
}

// Elsewhere a folder of the user's profile is the owner's alone by default, and a folder cannot be synced.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), KeyRingError> {
    Ok(())
}

#[cfg(not(unix))]
fn only_owner_enters(_: &mut DirBuilder) {}

#[cfg(not(unix))]
fn only_owner_reads(_: &mut OpenOptions) {}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata, _: u32) -> Result<(), KeyRingError> {
    Ok(())
}
