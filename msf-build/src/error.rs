//! Why the protos could not be compiled.

use std::{error, fmt, io, path::PathBuf};

/// Why the protos could not be compiled.
///
/// `Debug` equals `Display`, so that a `build.rs` whose `main` returns it prints a text to read:
/// `proto/hello.proto:7:5: name 'Missing' is not defined`, then the line with the place marked.
pub struct Error(Kind);

enum Kind {
    /// protox refused a file; the text carries file, line, column and the source line.
    Proto(String),
    /// Two definitions get the same Rust name.
    Name(String),
    /// The code generators refused what protox accepted.
    Generate {
        package: String,
        source: Box<dyn error::Error + Send + Sync>,
    },
    Write {
        path: PathBuf,
        source: io::Error,
    },
    NoOutDir,
}

impl Error {
    pub(crate) fn proto(text: String) -> Self {
        Self(Kind::Proto(text))
    }

    pub(crate) fn name(text: String) -> Self {
        Self(Kind::Name(text))
    }

    pub(crate) fn generate(
        package: impl Into<String>,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        Self(Kind::Generate {
            package: package.into(),
            source: source.into(),
        })
    }

    pub(crate) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self(Kind::Write {
            path: path.into(),
            source,
        })
    }

    pub(crate) fn no_out_dir() -> Self {
        Self(Kind::NoOutDir)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Proto(text) | Kind::Name(text) => f.write_str(text),
            Kind::Generate { package, source } => {
                write!(
                    f,
                    "package `{package}`: no Rust code could be made of it: {source}"
                )
            }
            Kind::Write { path, source } => write!(f, "cannot write {}: {source}", path.display()),
            Kind::NoOutDir => f.write_str(
                "OUT_DIR is not set: msf_build runs in a build script, or needs Builder::out_dir",
            ),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0 {
            Kind::Generate { source, .. } => Some(source.as_ref()),
            Kind::Write { source, .. } => Some(source),
            Kind::Proto(_) | Kind::Name(_) | Kind::NoOutDir => None,
        }
    }
}
