//! What mdBook lets pass: it builds a book with dead links, empty includes and pages nobody can reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::Outcome;
use crate::markdown::{Include, Page};

/// Hosts a page may point to. No check can follow these links, so the list is short.
const HOSTS: &[&str] = &[
    "127.0.0.1",
    "localhost",
    "diataxis.fr",
    "doc.rust-lang.org",
    "docs.rs",
    "grpc.io",
    "keepachangelog.com",
    "opentelemetry.io",
    "semver.org",
    "www.rfc-editor.org",
    "www.w3.org",
];

/// Pages by path, each with the folder its links must stay in.
type Pages = BTreeMap<PathBuf, (Page, PathBuf)>;

pub(crate) fn check(root: &Path) -> Outcome {
    let source = root.join("book/src");
    let mut mistakes = Vec::new();
    let mut pages = Pages::new();
    for (path, bound) in documents(root, &source) {
        match Page::read(&path) {
            Ok(page) => drop(pages.insert(path, (page, bound))),
            Err(error) => mistakes.push(format!("{}: {error}", path.display())),
        }
    }
    mistakes.extend(summary(&source, &pages));
    for (page, bound) in pages.values() {
        mistakes.extend(check_links(page, bound, &pages));
        mistakes.extend(check_includes(page));
        mistakes.extend(check_fences(page));
    }
    let shown = format!("{}/", root.display());
    if mistakes.is_empty() {
        Ok(format!(
            "{} pages: summary, links, anchors, includes and fences are in order",
            pages.len()
        ))
    } else {
        Err(mistakes
            .into_iter()
            .map(|mistake| mistake.replace(&shown, ""))
            .collect())
    }
}

/// The book's pages, whose links stay in the book, and the repository's own, whose links stay beside them:
/// a registry shows a crate's README without the rest of the repository.
fn documents(root: &Path, source: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found: Vec<_> = markdown_files(source, true)
        .into_iter()
        .map(|path| (path, source.to_path_buf()))
        .collect();
    found.extend(
        markdown_files(root, false)
            .into_iter()
            .map(|path| (path, root.to_path_buf())),
    );
    for group in [root.to_path_buf(), root.join("examples")] {
        for folder in folders(&group) {
            let readme = folder.join("README.md");
            if readme.is_file() {
                let bound = if group == root {
                    folder
                } else {
                    root.to_path_buf()
                };
                found.push((readme, bound));
            }
        }
    }
    found
}

/// Every page is in the summary, once. What one of them includes is a part of it and no page.
fn summary(source: &Path, pages: &Pages) -> Vec<String> {
    let path = source.join("SUMMARY.md");
    let Some((summary, _)) = pages.get(&path) else {
        return vec![format!("{}: missing", path.display())];
    };
    let mut mistakes = Vec::new();
    let mut listed = BTreeSet::new();
    for link in &summary.links {
        if !listed.insert(source.join(&link.value)) {
            mistakes.push(format!(
                "{}:{}: {} is listed twice",
                path.display(),
                link.line,
                link.value
            ));
        }
    }
    let parts: BTreeSet<PathBuf> = pages
        .values()
        .filter(|(page, _)| listed.contains(&page.path))
        .flat_map(|(page, _)| {
            let includes = page.includes.iter();
            includes.map(|include| beside(&page.path, &include.value.path))
        })
        .collect();
    for page in pages
        .keys()
        .filter(|page| page.starts_with(source) && **page != path)
    {
        if !listed.contains(page) && !parts.contains(page) {
            mistakes.push(format!("{}: not in SUMMARY.md", page.display()));
        }
    }
    mistakes
}

fn check_links(page: &Page, bound: &Path, pages: &Pages) -> Vec<String> {
    let mut mistakes = Vec::new();
    for link in &page.links {
        let mistake = match link.value.split_once("://") {
            Some((_, rest)) => unknown_host(rest),
            None if link.value.starts_with("mailto:") => None,
            None => dead_link(page, bound, pages, &link.value),
        };
        mistakes
            .extend(mistake.map(|text| format!("{}:{}: {text}", page.path.display(), link.line)));
    }
    mistakes
}

fn unknown_host(rest: &str) -> Option<String> {
    let host = rest.split(['/', ':', '#', '?']).next().unwrap_or_default();
    (!HOSTS.contains(&host)).then(|| format!("{host} is not among the hosts of xtask/src/book.rs"))
}

fn dead_link(page: &Page, bound: &Path, pages: &Pages, link: &str) -> Option<String> {
    let (path, anchor) = link
        .split_once('#')
        .map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() {
        page.path.clone()
    } else {
        beside(&page.path, path)
    };
    if !target.starts_with(bound) {
        return Some(format!(
            "{link} leaves {}: readers of this page do not have it",
            bound.display()
        ));
    }
    if !target.exists() {
        return Some(format!("{link} points to nothing"));
    }
    let anchor = anchor?;
    match pages.get(&target) {
        Some((target, _)) if target.headings.iter().any(|heading| heading == anchor) => None,
        _ => Some(format!("{link}: no heading #{anchor} there")),
    }
}

fn check_includes(page: &Page) -> Vec<String> {
    let mut mistakes = Vec::new();
    for include in &page.includes {
        let file = beside(&page.path, &include.value.path);
        let mistake = match std::fs::read_to_string(&file) {
            Err(error) => Some(format!("{}: {error}", file.display())),
            Ok(text) => empty_region(&include.value, &text),
        };
        mistakes.extend(
            mistake.map(|text| format!("{}:{}: {text}", page.path.display(), include.line)),
        );
    }
    mistakes
}

/// mdBook shows an unknown anchor as an empty block, without a word.
fn empty_region(include: &Include, text: &str) -> Option<String> {
    let shown = match include.anchor.as_deref() {
        None => text.to_owned(),
        Some(lines) if lines.starts_with(|c: char| c.is_ascii_digit() || c == ':') => {
            return Some(format!(
                "{}: name a region by ANCHOR; line numbers move",
                include.path
            ));
        }
        Some(anchor) => region(text, anchor),
    };
    shown.trim().is_empty().then(|| {
        let anchor = include.anchor.as_deref().unwrap_or("the file");
        format!("{}: {anchor} is missing or empty", include.path)
    })
}

fn region(text: &str, anchor: &str) -> String {
    let marks = |line: &str, word: &str| {
        line.split_once(word)
            .is_some_and(|(_, rest)| rest.split_whitespace().next() == Some(anchor))
    };
    text.lines()
        .skip_while(|line| !marks(line, "ANCHOR:"))
        .skip(1)
        .take_while(|line| !marks(line, "ANCHOR_END:"))
        .collect()
}

fn check_fences(page: &Page) -> Vec<String> {
    let mut mistakes = Vec::new();
    for fence in &page.fences {
        let mut words = fence.value.info.split(',').map(str::trim);
        let mistake = match words.next() {
            None | Some("") => {
                Some("a fence without a language is taken for Rust; write text or console")
            }
            Some("rust") if words.any(|word| word == "ignore") => {
                Some("rust,ignore is never compiled; use no_run or text")
            }
            Some(_) => None,
        };
        mistakes
            .extend(mistake.map(|text| format!("{}:{}: {text}", page.path.display(), fence.line)));
    }
    mistakes.extend(
        page.unclosed
            .map(|line| format!("{}:{line}: this fence is never closed", page.path.display())),
    );
    mistakes
}

/// `link` as seen from the page, with `..` resolved by name.
fn beside(page: &Path, link: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(page).to_path_buf();
    for component in Path::new(link).components() {
        match component {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    path
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

fn markdown_files(folder: &Path, deep: bool) -> Vec<PathBuf> {
    let mut found: Vec<_> = entries(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    if deep {
        found.extend(
            folders(folder)
                .iter()
                .flat_map(|folder| markdown_files(folder, true)),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Pages, beside, region, summary, unknown_host};
    use crate::markdown::Page;

    #[test]
    fn what_a_page_includes_needs_no_line_in_the_summary() {
        let source = Path::new("/book/src");
        let mut pages = Pages::new();
        for (name, text) in [
            ("SUMMARY.md", "- [One](one.md)\n"),
            ("one.md", "{{#include figures/table.md}}\n"),
            ("figures/table.md", "| a |\n"),
            ("two.md", "{{#include figures/other.md}}\n"),
            ("figures/other.md", "| b |\n"),
        ] {
            let path = source.join(name);
            let page = Page::parse(&path, text);
            pages.insert(path, (page, source.to_path_buf()));
        }
        assert_eq!(
            summary(source, &pages),
            [
                "/book/src/figures/other.md: not in SUMMARY.md",
                "/book/src/two.md: not in SUMMARY.md"
            ]
        );
    }

    #[test]
    fn a_region_is_what_lies_between_its_marks() {
        let text = "a\n// ANCHOR: one\nb\n// ANCHOR_END: one\n// ANCHOR: one_more\nc\n";
        assert_eq!(region(text, "one"), "b");
        assert_eq!(region(text, "none"), "");
    }

    #[test]
    fn links_are_resolved_from_their_page() {
        let page = Path::new("/book/src/start/page.md");
        assert_eq!(
            beside(page, "../reference/x.md"),
            PathBuf::from("/book/src/reference/x.md")
        );
    }

    #[test]
    fn only_listed_hosts_pass() {
        assert!(unknown_host("docs.rs/tokio").is_none());
        assert!(unknown_host("docs.rs.example.com/").is_some());
    }
}
