//! The folder of the embedded stores.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use crate::BoxError;

/// Where the embedded stores of a process lie, made when it is first asked for. A clone is the same folder.
#[derive(Clone)]
pub(crate) struct DataDir(Arc<Inner>);

struct Inner {
    kind: Kind,
    made: Mutex<Option<Made>>,
}

enum Kind {
    Kept(PathBuf),
    Ephemeral,
}

struct Made {
    path: PathBuf,
    /// Removes the folder when the last clone is dropped.
    _temporary: Option<TempDir>,
}

impl DataDir {
    /// Keeps it, at `path`.
    pub(crate) fn kept(path: PathBuf) -> Self {
        Self::new(Kind::Kept(path))
    }

    /// A temporary one, which ends with its last clone.
    pub(crate) fn ephemeral() -> Self {
        Self::new(Kind::Ephemeral)
    }

    fn new(kind: Kind) -> Self {
        Self(Arc::new(Inner {
            kind,
            made: Mutex::new(None),
        }))
    }

    /// The folder; makes it where it is not there.
    pub(crate) fn path(&self) -> crate::Result<PathBuf> {
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*made {
            return Ok(made.path.clone());
        }
        let new = match &self.0.kind {
            Kind::Kept(path) => make(path).map_err(|error| refused(path, &error))?,
            Kind::Ephemeral => {
                let temporary = tempfile::Builder::new()
                    .prefix("msf-")
                    .tempdir()
                    .map_err(|error| refused(&std::env::temp_dir(), &error))?;
                Made {
                    path: temporary.path().to_owned(),
                    _temporary: Some(temporary),
                }
            }
        };
        Ok(made.insert(new).path.clone())
    }

    /// Where it is kept, whether or not it is there; `None` of a temporary one.
    #[cfg(feature = "bus")]
    pub(crate) fn kept_at(&self) -> Option<&Path> {
        match &self.0.kind {
            Kind::Kept(path) => Some(path),
            Kind::Ephemeral => None,
        }
    }

    /// The folder, where anybody has asked for it.
    pub(crate) fn used(&self) -> Option<PathBuf> {
        let made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.as_ref().map(|made| made.path.clone())
    }
}

/// Nobody else may look into it: there are keys and hashes of passwords in it.
fn make(path: &Path) -> io::Result<Made> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    Ok(Made {
        path: path.canonicalize()?,
        _temporary: None,
    })
}

fn refused(path: &Path, error: &io::Error) -> BoxError {
    format!(
        "the data folder {} cannot be made: {error}; name another with `data_dir` or --data-dir, or run with --ephemeral",
        path.display()
    )
    .into()
}

impl fmt::Debug for DataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Kept(path) => f.debug_tuple("DataDir").field(path).finish(),
            Kind::Ephemeral => f.write_str("DataDir(ephemeral)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ephemeral_folder_ends_with_its_last_clone() {
        let folder = DataDir::ephemeral();
        assert_eq!(folder.used(), None);
        let path = folder.clone().path().unwrap();
        assert_eq!(folder.used(), Some(path.clone()));
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_with_a_way_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().join("below-a-file");
        let told = DataDir::kept(path.clone()).path().unwrap_err().to_string();
        assert!(told.contains(path.to_str().unwrap()), "{told}");
        assert!(told.contains("--data-dir"), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_look_into_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let path = DataDir::kept(parent.path().join("a/b")).path().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
