//! A folder of protos that goes away with the test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("msf-build-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        for (name, content) in files {
            fs::write(path.join(name), content.trim_start()).expect("a proto for the test");
        }
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Compiles files of the folder, into the folder.
pub(crate) fn compile(folder: &Folder, protos: &[&str]) -> Result<(), msf_build::Error> {
    let protos: Vec<_> = protos.iter().map(|name| folder.path().join(name)).collect();
    msf_build::Builder::new()
        .out_dir(folder.path())
        .compile(&protos, &[folder.path()])
}
