//! Each published crate begins with an example: it is the first that a reader of docs.rs sees.
//!
//! The doctests compile it, as long as its fence does not say otherwise; that is what is asked here.

use std::path::Path;

use crate::markdown::Page;
use crate::{Outcome, metadata};

pub(crate) fn check(root: &Path) -> Outcome {
    let packages = metadata::packages(root)?;
    let mut mistakes = Vec::new();
    let mut names = Vec::new();
    for package in packages
        .iter()
        .filter(|package| metadata::is_published(package))
    {
        let name = metadata::text(package, "name");
        let file = root.join(name).join("src/lib.rs");
        match std::fs::read_to_string(&file) {
            Err(error) => mistakes.push(format!("{}: {error}", file.display())),
            Ok(text) if !has_example(&text) => mistakes.push(format!(
                "{name}: the documentation of src/lib.rs has no example that is compiled"
            )),
            Ok(_) => names.push(name),
        }
    }
    if mistakes.is_empty() {
        Ok(format!(
            "{} crates begin with an example: {}",
            names.len(),
            names.join(", ")
        ))
    } else {
        Err(mistakes)
    }
}

/// Whether a fence of the crate's own documentation is compiled.
fn has_example(source: &str) -> bool {
    let documentation: String = source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"])
        .collect();
    let page = Page::parse(Path::new("lib.rs"), &documentation);
    page.fences
        .iter()
        .any(|fence| is_compiled(&fence.value.info))
}

/// As rustdoc takes it: a fence without a language is Rust.
fn is_compiled(info: &str) -> bool {
    let known = |word: &str| {
        ["", "rust", "no_run", "should_panic"].contains(&word) || word.starts_with("edition")
    };
    info.split([',', ' ']).map(str::trim).all(known)
}

#[cfg(test)]
mod tests {
    use super::has_example;

    #[test]
    fn an_example_is_a_fence_that_is_compiled() {
        assert!(has_example(
            "//! A crate.\n//!\n//! ```\n//! let _ = 1;\n//! ```\n"
        ));
        assert!(has_example("//! ```no_run\n//! fn main() {}\n//! ```\n"));
        for fence in ["text", "ignore", "rust,ignore", "compile_fail", "toml"] {
            assert!(
                !has_example(&format!("//! ```{fence}\n//! 1\n//! ```\n")),
                "{fence}"
            );
        }
    }

    #[test]
    fn the_example_of_an_item_is_not_that_of_the_crate() {
        assert!(!has_example(
            "//! A crate.\n\n/// ```\n/// let _ = 1;\n/// ```\npub struct Item;\n"
        ));
    }
}
