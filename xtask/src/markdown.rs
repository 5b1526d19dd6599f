//! As much of Markdown as the checks of the book need: headings, links, fences and includes of a page.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A page with what can be wrong in it, each with its line number.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    /// The ids of the headings, as mdBook makes them.
    pub(crate) headings: Vec<String>,
    pub(crate) links: Vec<At<String>>,
    pub(crate) fences: Vec<At<Fence>>,
    pub(crate) includes: Vec<At<Include>>,
    /// The line of a fence that is never closed.
    pub(crate) unclosed: Option<usize>,
}

pub(crate) struct At<T> {
    pub(crate) line: usize,
    pub(crate) value: T,
}

/// The words after the opening of a fence: the language and its attributes.
pub(crate) struct Fence {
    pub(crate) info: String,
}

/// `{{#include path:anchor}}`.
pub(crate) struct Include {
    pub(crate) path: String,
    pub(crate) anchor: Option<String>,
}

impl Page {
    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        Ok(Self::parse(path, &std::fs::read_to_string(path)?))
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Self {
        let mut page = Self {
            path: path.to_path_buf(),
            headings: Vec::new(),
            links: Vec::new(),
            fences: Vec::new(),
            includes: Vec::new(),
            unclosed: None,
        };
        let mut seen = HashMap::new();
        let mut open: Option<(usize, &str)> = None;
        for (line, content) in (1..).zip(text.lines()) {
            page.includes
                .extend(includes(content).map(|value| At { line, value }));
            let trimmed = content.trim_start();
            if let Some((_, marker)) = open {
                if trimmed.starts_with(marker)
                    && trimmed.trim_end().chars().all(|c| marker.starts_with(c))
                {
                    open = None;
                }
                continue;
            }
            if let Some(marker) = fence_marker(trimmed) {
                open = Some((line, marker));
                let info = trimmed[marker.len()..].trim().to_owned();
                page.fences.push(At {
                    line,
                    value: Fence { info },
                });
                continue;
            }
            if let Some(title) = heading(trimmed) {
                page.headings.push(unique(heading_id(title), &mut seen));
            }
            page.links.extend(
                links(&without_code(content))
                    .into_iter()
                    .map(|value| At { line, value }),
            );
        }
        page.unclosed = open.map(|(line, _)| line);
        page
    }
}

fn fence_marker(line: &str) -> Option<&str> {
    let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == first).count();
    (length >= 3).then(|| &line[..length])
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    ((1..=6).contains(&level) && title.starts_with(' ')).then(|| title.trim())
}

/// `# Title {#id}` names its id; otherwise it is made from the words.
fn heading_id(title: &str) -> String {
    if let Some((_, id)) = title.split_once("{#") {
        return id.trim_end_matches('}').to_owned();
    }
    title
        .chars()
        .filter_map(|c| match c {
            c if c.is_alphanumeric() || matches!(c, '_' | '-') => Some(c.to_ascii_lowercase()),
            c if c.is_whitespace() => Some('-'),
            _ => None,
        })
        .collect()
}

/// The second heading of the same words gets `-1`.
fn unique(id: String, seen: &mut HashMap<String, usize>) -> String {
    let count = seen.entry(id.clone()).or_insert(0);
    *count += 1;
    if *count == 1 {
        id
    } else {
        format!("{id}-{}", *count - 1)
    }
}

/// The line with its code spans blanked: what they show is no link.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// The targets of `[text](target)`, `[label]: target` and `<https://..>`.
fn links(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once("](") {
        let end = after.find(')').unwrap_or(after.len());
        found.extend(after[..end].split_whitespace().next().map(str::to_owned));
        rest = &after[end..];
    }
    if let Some((_, target)) = line
        .strip_prefix('[')
        .and_then(|label| label.split_once("]: "))
    {
        found.extend(target.split_whitespace().next().map(str::to_owned));
    }
    for (start, _) in line.match_indices("<http") {
        found.extend(line[start + 1..].split('>').next().map(str::to_owned));
    }
    found
}

fn includes(line: &str) -> impl Iterator<Item = Include> {
    line.match_indices("{{#").filter_map(|(start, _)| {
        if line[..start].ends_with('\\') {
            return None;
        }
        let (directive, _) = line[start + 3..].split_once("}}")?;
        let (name, argument) = directive.split_once(' ')?;
        if !matches!(name, "include" | "rustdoc_include" | "playground") {
            return None;
        }
        let (path, anchor) = match argument.trim().split_once(':') {
            Some((path, anchor)) => (path, Some(anchor.to_owned())),
            None => (argument.trim(), None),
        };
        Some(Include {
            path: path.to_owned(),
            anchor,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Page;

    const TEXT: &str = "\
# A `Rule` of one's own

See [the rules](rules.md#second \"title\") and `[no](link.md)`.

## Twice
## Twice
## Named {#other}

```rust,no_run
[not](a-link.md)
{{#include ../code.rs:part}}
```

[below]: https://docs.rs/tokio
";

    #[test]
    fn reads_what_the_checks_need() {
        let page = Page::parse(Path::new("page.md"), TEXT);
        assert_eq!(
            page.headings,
            ["a-rule-of-ones-own", "twice", "twice-1", "other"]
        );
        let links: Vec<_> = page
            .links
            .iter()
            .map(|link| (link.line, link.value.as_str()))
            .collect();
        assert_eq!(
            links,
            [(3, "rules.md#second"), (14, "https://docs.rs/tokio")]
        );
        assert_eq!(page.fences[0].value.info, "rust,no_run");
        assert_eq!(page.includes[0].value.path, "../code.rs");
        assert_eq!(page.includes[0].value.anchor.as_deref(), Some("part"));
        assert_eq!(page.unclosed, None);
    }

    #[test]
    fn an_open_fence_is_found() {
        let page = Page::parse(Path::new("page.md"), "text\n```console\n$ ls\n");
        assert_eq!(page.unclosed, Some(2));
    }
}
