//! The `.env` file: variables for development, in the working directory.

use std::path::{Path, PathBuf};

use super::Origin;
use super::mistake::{Mistake, MistakeKind};

/// One variable of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) line: usize,
    pub(super) variable: String,
    pub(super) value: String,
}

/// The file as it was read, with what could not be read of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Dotenv {
    pub(super) path: PathBuf,
    pub(super) assignments: Vec<Assignment>,
    pub(super) mistakes: Vec<Mistake>,
}

impl Dotenv {
    /// A file that is not there is an empty one.
    pub(super) fn read(path: &Path) -> Self {
        match std::fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => Self::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Ok(Err(_)) => Self::unreadable(path, "it is not UTF-8 text"),
            Err(error) => Self::unreadable(path, &error.to_string()),
        }
    }

    fn unreadable(path: &Path, why: &str) -> Self {
        let mistake = Mistake::new(
            MistakeKind::UnreadableFile,
            format!("cannot read {}: {why}", path.display()),
        );
        Self {
            path: path.to_owned(),
            assignments: Vec::new(),
            mistakes: vec![mistake],
        }
    }

    /// `NAME=value`, one a line; `#` begins a comment, `export` is allowed; 'single quotes' keep everything, "double quotes"
    /// know `\n \r \t \" \\ \$`, and both may span lines. `$` stands for itself.
    pub(super) fn parse(path: &Path, text: &str) -> Self {
        let mut found = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut line = 1;
        while !rest.is_empty() {
            let before = rest;
            let entry = take_entry(&mut rest);
            match entry {
                Ok(Some((variable, value))) => found.assignments.push(Assignment {
                    line,
                    variable,
                    value,
                }),
                Ok(None) => {}
                Err(why) => {
                    let origin = Origin::Dotenv {
                        path: path.to_owned(),
                        line,
                        variable: String::new(),
                    };
                    let mistake = Mistake::new(
                        MistakeKind::Syntax,
                        format!("this line is not `NAME=value`: {why}"),
                    );
                    found.mistakes.push(mistake.at(origin));
                    rest = before
                        .find('\n')
                        .map_or("", |newline| &before[newline + 1..]);
                }
            }
            line += before[..before.len() - rest.len()].matches('\n').count();
        }
        found
    }
}

/// Takes one line, or the lines that a quoted value spans.
fn take_entry(rest: &mut &str) -> Result<Option<(String, String)>, &'static str> {
    let text = rest.trim_start_matches([' ', '\t']);
    let (first, after) = text.split_once('\n').unwrap_or((text, ""));
    if first.trim().is_empty() || first.starts_with('#') {
        *rest = after;
        return Ok(None);
    }
    let (name, _) = first.split_once('=').ok_or("it has no `=`")?;
    let value = text[name.len() + 1..].trim_start_matches([' ', '\t']);
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim_start();
    let valid = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !valid || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a name has only letters, digits and `_`, and does not begin with a digit");
    }
    let (value, after) = match value.chars().next() {
        Some('\'') => {
            let (inner, after) = value[1..]
                .split_once('\'')
                .ok_or("the quote `'` is not closed")?;
            (inner.to_owned(), end_of_line(after)?)
        }
        Some('"') => {
            let (inner, after) = double_quoted(&value[1..])?;
            (inner, end_of_line(after)?)
        }
        _ => {
            let (inner, after) = value.split_once('\n').unwrap_or((value, ""));
            let comment = inner
                .starts_with('#')
                .then_some(0)
                .or_else(|| inner.find(" #"))
                .or_else(|| inner.find("\t#"));
            (
                inner[..comment.unwrap_or(inner.len())].trim().to_owned(),
                after,
            )
        }
    };
    *rest = after;
    Ok(Some((name.to_owned(), value)))
}

fn double_quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, 't')) => value.push('\t'),
                Some((_, same @ ('"' | '\\' | '$'))) => value.push(same),
                _ => return Err("after `\\` only n, r, t, \", \\ and $ are allowed"),
            },
            other => value.push(other),
        }
    }
    Err("the quote `\"` is not closed")
}

/// After a closing quote only a comment may follow.
fn end_of_line(text: &str) -> Result<&str, &'static str> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        Ok(after)
    } else {
        Err("something follows the closing quote")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::Dotenv;

    fn parse(text: &str) -> (Vec<(usize, String, String)>, Vec<String>) {
        let found = Dotenv::parse(Path::new(".env"), text);
        let lines = found
            .assignments
            .into_iter()
            .map(|line| (line.line, line.variable, line.value))
            .collect();
        (
            lines,
            found.mistakes.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn reads_names_quotes_comments_and_export() {
        let text = "# a comment\n\nA=1\nexport B = two words # said\r\nC='$x # \\n'\nD=\"a\\tb\\\"\\\\\" # said\nE=\nF=a#b\nG=\"one\ntwo\"\nH=3";
        let (lines, mistakes) = parse(text);
        assert_eq!(mistakes, Vec::<String>::new());
        let expected = [
            (3, "A", "1"),
            (4, "B", "two words"),
            (5, "C", "$x # \\n"),
            (6, "D", "a\tb\"\\"),
            (7, "E", ""),
            (8, "F", "a#b"),
            (9, "G", "one\ntwo"),
            (11, "H", "3"),
        ];
        let expected: Vec<_> = expected
            .map(|(line, name, value)| (line, name.to_owned(), value.to_owned()))
            .to_vec();
        assert_eq!(lines, expected);
    }

    #[test]
    fn names_the_line_of_every_mistake_and_reads_on() {
        let (lines, mistakes) =
            parse("no equals s3cret\nA=1\n1B=s3cret\nC='s3cret\nD=\"s3cret\" s3cret\nE=2\n");
        assert_eq!(
            lines,
            [
                (2, "A".to_owned(), "1".to_owned()),
                (6, "E".to_owned(), "2".to_owned())
            ]
        );
        assert_eq!(mistakes.len(), 4);
        for (mistake, line) in mistakes.iter().zip([1, 3, 4, 5]) {
            assert!(mistake.contains(&format!(".env:{line}")), "{mistake}");
            assert!(!mistake.contains("s3cret"), "{mistake}");
        }
    }

    proptest! {
        #[test]
        fn a_quoted_value_reads_back(value in any::<String>()) {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
            let (lines, mistakes) = parse(&format!("A=\"{escaped}\"\nB=1"));
            prop_assert_eq!(mistakes, Vec::<String>::new());
            prop_assert_eq!(lines, [(1, "A".to_owned(), value), (2, "B".to_owned(), "1".to_owned())]);
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn never_panics_on_what_looks_like_it(text in "([A#='\"\\\\ \\n\\tn]|export )*") {
            let _ = parse(&text);
        }
    }
}
