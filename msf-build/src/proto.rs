//! Reading `.proto` files, and saying where they are wrong.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use prost_build::Module;
use protox::{Compiler, prost_reflect::DescriptorPool};

use crate::Error;

/// The files that were asked for, with all that they import.
pub(crate) struct Protos {
    compiler: Compiler,
}

impl Protos {
    pub(crate) fn open(
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<Self, Error> {
        let folders: Vec<&Path> = includes.iter().map(AsRef::as_ref).collect();
        let explain = |error| Error::proto(explain(&error, &folders));
        let mut compiler = Compiler::new(&folders).map_err(explain)?;
        compiler.include_imports(true).include_source_info(true);
        compiler.open_files(protos).map_err(explain)?;
        Ok(Self { compiler })
    }

    /// The files on disk, imports included; Google's well-known types lie inside protox.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.compiler.files().filter_map(|file| file.path())
    }

    /// Each file's descriptor, with comments, and the Rust module of its package.
    pub(crate) fn descriptors(&self) -> Vec<(Module, prost_types::FileDescriptorProto)> {
        let files = self.compiler.file_descriptor_set().file;
        files
            .into_iter()
            .map(|file| (Module::from_protobuf_package_name(file.package()), file))
            .collect()
    }

    pub(crate) fn pool(&self) -> DescriptorPool {
        self.compiler.descriptor_pool()
    }
}

/// `proto/hello.proto:7:5: name 'Missing' is not defined`, then the line with the place marked.
///
/// protox names a file as an import would; the reader wants a path that can be clicked.
fn explain(error: &protox::Error, includes: &[&Path]) -> String {
    let text = format!("{error:?}");
    let Some(name) = error.file() else {
        return text;
    };
    let Some(path) = includes
        .iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
    else {
        return text;
    };
    let Some(rest) = text
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(':'))
    else {
        return format!("{}: {text}", path.display());
    };
    let mut explained = format!("{}:{rest}", path.display());
    if let Some((line, column)) = position(rest) {
        mark(&mut explained, &path, line, column);
    }
    explained
}

/// Line and column in front of a message, both counted from 1.
fn position(text: &str) -> Option<(usize, usize)> {
    let mut parts = text.splitn(3, ':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn mark(explained: &mut String, path: &PathBuf, line: usize, column: usize) {
    let Ok(source) = fs::read_to_string(path) else {
        return;
    };
    let Some(code) = source.lines().nth(line.saturating_sub(1)) else {
        return;
    };
    // A tab stays a tab, or the mark stands elsewhere than the mistake.
    let indent: String = code
        .chars()
        .take(column.saturating_sub(1))
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    // Writing to a String does not fail.
    let _ = write!(
        explained,
        "\n{margin} |\n{number} | {code}\n{margin} | {indent}^"
    );
}
