//! What is wrong with the settings: everything at once, and never a value that is secret.

use std::fmt;

use super::Origin;
use super::snippet::Snippet;

/// All mistakes of one load, in the order of the sources; `Display` lists them like a compiler does.
///
/// No value that is secret is in it, no value of the environment or of a flag, and of a file only the line of a value that is
/// not secret.
#[derive(Debug, PartialEq)]
pub struct Mistakes {
    program: String,
    list: Vec<Mistake>,
}

/// One mistake: what is wrong, where, and how to mend it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    pub(super) kind: MistakeKind,
    pub(super) key: Option<String>,
    pub(super) origin: Option<Origin>,
    pub(super) message: String,
    pub(super) also: Vec<Origin>,
    pub(super) help: Option<String>,
    pub(super) snippet: Option<Snippet>,
}

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// No section has such a key.
    UnknownKey,
    /// The value is of another type, or not in the valid range or form.
    WrongType,
    /// The value is none of the valid choices.
    InvalidChoice,
    /// A key without a default is set nowhere.
    Missing,
    /// One key is set twice in one source.
    DuplicateKey,
    /// A file cannot be read.
    UnreadableFile,
    /// A file is not valid TOML, or a line of `.env` or a flag is not `NAME=value`.
    Syntax,
    /// A variable begins with the app's name but cannot be the name of a setting.
    BadName,
    /// The program itself is wrong: two structs define one key, or a default does not fit its type.
    Definition,
    /// A value that its type allows is refused by the program.
    Refused,
}

// === impl Mistakes ===

impl Mistakes {
    pub(super) fn new(program: &str, list: Vec<Mistake>) -> Self {
        Self {
            program: program.to_owned(),
            list,
        }
    }

    /// One mistake that the program `program` found after the load: what `key` has, or does not have, is refused.
    ///
    /// `message` must not contain the value.
    ///
    /// ```
    /// use msf_core::settings::Mistakes;
    /// let refused = Mistakes::refused("shop", "auth.keys", "is not set", "name the folder with the keys");
    /// assert!(refused.to_string().starts_with("error: `auth.keys`: is not set"));
    /// ```
    pub fn refused(program: &str, key: &str, message: &str, help: &str) -> Self {
        let mistake = Mistake::new(MistakeKind::Refused, format!("`{key}`: {message}"));
        Self::new(program, vec![mistake.key_path(key).help(help.to_owned())])
    }

    /// Adds the mistakes of another load; those of the file as a whole are kept once.
    pub fn extend(&mut self, other: Self) {
        for mistake in other.list {
            self.push(mistake);
        }
    }

    /// Adds one mistake unless it is there.
    pub fn push(&mut self, mistake: Mistake) {
        if !self.list.contains(&mistake) {
            self.list.push(mistake);
        }
    }

    /// The mistakes in the order they are listed.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.list {
            writeln!(f, "{mistake}\n")?;
        }
        let count = match self.list.len() {
            1 => "1 mistake".to_owned(),
            count => format!("{count} mistakes"),
        };
        writeln!(f, "{count} in the settings of `{}`", self.program)?;
        write!(
            f,
            "help: run `{} config` for every key, its default and where its value came from",
            self.program
        )
    }
}

impl std::error::Error for Mistakes {}

// === impl Mistake ===

impl Mistake {
    pub(super) fn new(kind: MistakeKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            key: None,
            origin: None,
            message: message.into(),
            also: Vec::new(),
            help: None,
            snippet: None,
        }
    }

    pub(super) fn at(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    pub(super) fn key_path(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    pub(super) fn snippet(mut self, snippet: impl Into<Option<Snippet>>) -> Self {
        self.snippet = snippet.into();
        self
    }

    pub(super) fn is_on_line_of(&self, other: &Self) -> bool {
        match (&self.origin, &other.origin) {
            (Some(Origin::File { line, .. }), Some(Origin::File { line: of_other, .. })) => {
                line == of_other
            }
            _ => false,
        }
    }

    /// What sort of mistake it is.
    pub fn kind(&self) -> MistakeKind {
        self.kind
    }

    /// The dotted path of the key, where it is about one.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Where it is: a place in a file, a variable, a flag; none for a key that is set nowhere.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        let margin = " ".repeat(
            self.snippet
                .as_ref()
                .map_or(1, |snippet| snippet.line.to_string().len()),
        );
        if let Some(origin) = &self.origin {
            write!(f, "\n{margin}--> {origin}")?;
        }
        if let Some(Snippet {
            line,
            text,
            start,
            width,
        }) = &self.snippet
        {
            write!(
                f,
                "\n{margin} |\n{line} | {text}\n{margin} | {}{}",
                " ".repeat(*start),
                "^".repeat(*width)
            )?;
        }
        for origin in &self.also {
            write!(f, "\n{margin} = also set in: {origin}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{margin} = help: {help}")?;
        }
        Ok(())
    }
}
