//! The steps of a compilation and the few things one may choose.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use crate::{Error, descriptor, package, proto::Protos};

/// What to generate, for the few who need other than [`compile`](crate::compile).
///
/// ```no_run
/// # fn main() -> Result<(), msf_build::Error> {
/// msf_build::Builder::new()
///     .client(false)
///     .compile(&["proto/hello.proto"], &["proto"])
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    client: bool,
    redacted: Vec<String>,
    out_dir: Option<PathBuf>,
}

impl Builder {
    /// Starts with clients, and the folder that cargo names in `OUT_DIR`.
    pub fn new() -> Self {
        Self {
            client: true,
            redacted: Vec::new(),
            out_dir: None,
        }
    }

    /// Sets whether a client is generated for each service; default: yes.
    pub fn client(mut self, generate: bool) -> Self {
        self.client = generate;
        self
    }

    /// Shows no field of these messages in `Debug`: those that carry passwords, tokens or keys.
    ///
    /// Each is named with its package: `shop.auth.v1.LoginRequest`. Messages inside of others cannot be named.
    pub fn redact(mut self, messages: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.redacted.extend(messages.into_iter().map(Into::into));
        self
    }

    /// Sets the folder the files are written to; default: `OUT_DIR`.
    ///
    /// `msf_service::include_proto!` reads from `OUT_DIR` only.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Compiles `protos`, looking up imports in `includes`.
    ///
    /// Writes `<package>.rs` and `<package>.bin` (its descriptors, for reflection) for each package,
    /// and `all-packages.rs`, the modules of all of them. A proto without a package is `_`.
    ///
    /// # Errors
    ///
    /// As [`compile`](crate::compile).
    pub fn compile(
        &self,
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<(), Error> {
        let out_dir = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR")
                .map(PathBuf::from)
                .ok_or_else(Error::no_out_dir)?,
        };
        let protos = Protos::open(protos, includes)?;
        tell_cargo(&protos);

        let packages = package::generate(protos.descriptors(), self.client, &self.redacted)?;
        for package in &packages {
            write(
                &out_dir.join(package.file_name("rs")),
                package.code.as_bytes(),
            )?;
            write(
                &out_dir.join(package.file_name("bin")),
                &descriptor::of_package(&protos, &package.name),
            )?;
        }
        write(
            &out_dir.join("all-packages.rs"),
            package::tree(&packages).as_bytes(),
        )
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(
    clippy::print_stdout,
    reason = "this is how a build script talks to cargo"
)]
fn tell_cargo(protos: &Protos) {
    for path in protos.paths() {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// An unchanged file keeps its time stamp, so that nothing is compiled again for it.
fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    match fs::read(path) {
        Ok(present) if present == content => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::write(path, error));
        }
        _ => {}
    }
    fs::write(path, content).map_err(|source| Error::write(path, source))
}
