//! What can go wrong with a key ring.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A key ring cannot be made, read or changed. No key is ever part of it.
///
/// ```
/// use msf_auth::keys::{KeyRing, RotationPolicy};
/// use msf_core::clock::Clock;
/// use std::time::Duration;
///
/// let policy = RotationPolicy::default().publish_ahead(Duration::from_secs(10));
/// let error = KeyRing::in_memory(&Clock::system(), policy).unwrap_err();
/// assert!(error.to_string().contains("at least six minutes"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyRingError {
    /// A file or folder cannot be read or written.
    Io {
        /// What was tried: `read`, `write`, `lock`..
        doing: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Others than the owner may enter the folder or read the file.
    Exposed {
        /// Which file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Those that it has to have at most.
        allowed: u32,
    },
    /// The file is not what a key ring writes. It is left as it is.
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The times of the rotation do not fit together.
    Policy(&'static str),
    /// The cryptographic library failed, or a new key failed its own test.
    Crypto(&'static str),
}

impl fmt::Display for KeyRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, .. } => {
                write!(f, "cannot {doing} {}", path.display())
            }
            Self::Exposed {
                path,
                mode,
                allowed,
            } => write!(
                f,
                "{} holds signing keys and has the permissions {mode:o}: run `chmod {allowed:o} {}`, and replace the keys if others could read them",
                path.display(),
                path.display()
            ),
            Self::Corrupt { path, what } => write!(
                f,
                "{} is not a key ring: {what}; put the right file back, or remove this one to begin with a new key, which ends all sessions' access tokens",
                path.display()
            ),
            Self::Policy(what) => write!(f, "the rotation policy does not work: {what}"),
            Self::Crypto(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for KeyRingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
