//! The declared `rust-version` must be true of every dependency too.
//!
//! Only the newest compiler is at hand in most places, so the manifests are compared. A dependency
//! that declares nothing passes: nobody can say more about it without building it.

use std::path::Path;

use crate::{Outcome, metadata};

pub(crate) fn check(root: &Path) -> Outcome {
    let packages = metadata::packages(root)?;
    let mut mistakes = Vec::new();
    let mut ours: Option<Version> = None;
    for package in packages.iter().filter(|package| metadata::is_ours(package)) {
        let name = metadata::text(package, "name");
        match Version::parse(metadata::text(package, "rust_version")) {
            None => mistakes.push(format!(
                "{name}: no rust-version; write rust-version.workspace = true"
            )),
            Some(version) => {
                match ours {
                    Some(first) if first != version => {
                        mistakes.push(format!("{name}: rust-version {version}, other crates of the workspace say {first}"));
                    }
                    _ => ours = Some(version),
                }
            }
        }
    }
    let Some(ours) = ours else {
        return Err(mistakes);
    };
    let mut declared = 0;
    for package in packages
        .iter()
        .filter(|package| !metadata::is_ours(package))
    {
        let Some(version) = Version::parse(metadata::text(package, "rust_version")) else {
            continue;
        };
        declared += 1;
        if version > ours {
            mistakes.push(format!(
                "{} {} needs Rust {version}, the workspace declares {ours}",
                metadata::text(package, "name"),
                metadata::text(package, "version"),
            ));
        }
    }
    if mistakes.is_empty() {
        Ok(format!(
            "rust-version {ours} holds for the {declared} dependencies that declare one"
        ))
    } else {
        Err(mistakes)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// `1.89` and `1.89.0` are the same version.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let major = parts.next()?.ok()?;
        let minor = parts.next().unwrap_or(Ok(0)).ok()?;
        let patch = parts.next().unwrap_or(Ok(0)).ok()?;
        Some(Self {
            major,
            minor,
            patch,
        })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_compared_by_number() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("1.100") > version("1.89"));
        assert!(version("1.89") == version("1.89.0"));
        assert!(version("1.89.1") > version("1.89"));
        assert!(Version::parse("").is_none());
    }
}
