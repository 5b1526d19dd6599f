//! Writes one module per page of the book, with the page as its documentation.
//!
//! A sample that is included from a crate is built and tested there, so its fence is left out here; what
//! remains are the samples written in the page itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let tests = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let book = tests.join("../src");
    println!("cargo::rerun-if-changed={}", book.display());

    let mut modules = String::new();
    for page in pages(&book)? {
        let text = fs::read_to_string(&page)?;
        if !text.contains("```rust") {
            continue;
        }
        let name = module_name(page.strip_prefix(&book).unwrap_or(&page));
        fs::write(
            out.join(format!("{name}.md")),
            without_included_samples(&text),
        )?;
        writeln!(
            modules,
            "#[doc = include_str!(concat!(env!(\"OUT_DIR\"), \"/{name}.md\"))]\npub mod {name} {{}}"
        )
        .map_err(io::Error::other)?;
    }
    fs::write(out.join("pages.rs"), modules)?;

    let folder = "tests/first_hour/proto";
    msf_build::compile(&[format!("{folder}/service.proto")], &[folder])
        .map_err(|error| io::Error::other(format!("{error:?}")))
}

fn pages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(pages(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn module_name(page: &Path) -> String {
    page.with_extension("")
        .to_string_lossy()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// Blank lines in place of each fence that includes a file: line numbers in messages stay right.
fn without_included_samples(text: &str) -> String {
    let mut out = String::new();
    let mut fence: Option<Vec<&str>> = None;
    for line in text.lines() {
        match &mut fence {
            None if line.trim_start().starts_with("```") => fence = Some(vec![line]),
            None => out.extend([line, "\n"]),
            Some(lines) => {
                lines.push(line);
                if line.trim() == "```" {
                    let included = lines.iter().any(|line| line.contains("{{#"));
                    for line in lines.drain(..) {
                        out.extend([if included { "" } else { line }, "\n"]);
                    }
                    fence = None;
                }
            }
        }
    }
    out
}
