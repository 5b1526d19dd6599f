//! The steps that bring a schema to what this version of a service expects.

use std::fmt::{self, Write as _};

use aws_lc_rs::digest;
use msf_core::BoxError;

/// One step of a schema, run once and never changed after that.
///
/// The first has version 1, each further one the next number. What has run is recorded with the SHA-256 of its text.
///
/// ```
/// use msf_store::Migration;
/// const USERS: Migration = Migration::new(1, "users", "CREATE TABLE users (id TEXT PRIMARY KEY) STRICT");
/// assert_eq!(USERS.checksum().len(), 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Its place in the order: 1, 2, 3 and so on.
    pub version: u32,
    /// What it is for, in a word or two, for messages.
    pub name: &'static str,
    /// The statements, separated by semicolons. They run in one transaction, so none of them may begin or end one.
    pub sql: &'static str,
}

/// Why a schema cannot be brought to what this program expects. Nothing of the refused step is stored.
///
/// ```
/// use msf_store::MigrationError;
/// let error = MigrationError::Unknown { version: 7, name: "orders".to_owned() };
/// assert!(error.to_string().contains("newer version of this program"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum MigrationError {
    /// The program's own list is wrong: it begins with another version than 1, leaves one out or has one twice.
    Order {
        /// The version that the list has.
        version: u32,
        /// The version that belongs there.
        expected: u32,
        /// The name of the step.
        name: &'static str,
    },
    /// The text of a step is no longer what ran.
    Changed {
        /// The version of the step.
        version: u32,
        /// The name of the step.
        name: &'static str,
    },
    /// A step ran that this program does not know: a newer version of the program was here.
    Unknown {
        /// The version of the step.
        version: u32,
        /// The name that it was recorded with.
        name: String,
    },
    /// The record has no entry for a step although a later one ran.
    Missing {
        /// The version of the step.
        version: u32,
        /// The name of the step.
        name: &'static str,
    },
    /// A statement of the step failed.
    Failed {
        /// The version of the step.
        version: u32,
        /// The name of the step.
        name: &'static str,
        /// What the database says.
        source: BoxError,
    },
}

impl Migration {
    /// Makes a step.
    pub const fn new(version: u32, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql }
    }

    /// The SHA-256 of its text, as 64 hexadecimal digits.
    pub fn checksum(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.sql.as_bytes());
        let mut text = String::with_capacity(64);
        for byte in digest.as_ref() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Refuses a list whose versions are not 1, 2, 3 and so on.
    #[cfg(feature = "sqlite")]
    pub(crate) fn check_order(migrations: &[Self]) -> Result<(), MigrationError> {
        for (migration, expected) in migrations.iter().zip(1..) {
            if migration.version != expected {
                return Err(MigrationError::Order {
                    version: migration.version,
                    expected,
                    name: migration.name,
                });
            }
        }
        Ok(())
    }
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order {
                version,
                expected,
                name,
            } => write!(
                f,
                "migration {version} `{name}` stands where version {expected} belongs: versions are 1, 2, 3 and so on, \
                 none left out and none twice"
            ),
            Self::Changed { version, name } => write!(
                f,
                "migration {version} `{name}` has run with another text: restore that text and put the change into a new \
                 migration at the end of the list"
            ),
            Self::Unknown { version, name } => write!(
                f,
                "migration {version} `{name}` has run and is unknown here: a newer version of this program was used with \
                 this database; start that version, or restore a backup from before it"
            ),
            Self::Missing { version, name } => write!(
                f,
                "a migration after {version} `{name}` has run, but this one has not: the record was changed by hand; \
                 restore a backup"
            ),
            Self::Failed { version, name, .. } => write!(
                f,
                "migration {version} `{name}` failed and left nothing behind"
            ),
        }
    }
}

impl std::error::Error for MigrationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_sha_256_of_the_text() {
        // The vector of FIPS 180-4 for "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Migration::new(1, "abc", "abc").checksum(), expected);
    }

    #[test]
    fn only_one_two_three_is_an_order() {
        let list = |versions: &[u32]| {
            let migrations: Vec<_> = versions
                .iter()
                .map(|v| Migration::new(*v, "m", ""))
                .collect();
            Migration::check_order(&migrations).map_err(|error| error.to_string())
        };
        assert_eq!(list(&[]), Ok(()));
        assert_eq!(list(&[1, 2, 3]), Ok(()));
        for wrong in [&[0][..], &[2], &[1, 3], &[1, 1], &[2, 1], &[1, 2, 2]] {
            let text = list(wrong).unwrap_err();
            assert!(text.contains("none left out and none twice"), "{text}");
        }
    }
}
