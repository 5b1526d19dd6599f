//! A settings file as a tree that knows where each key and value stands.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::mistake::{Mistake, MistakeKind};
use super::snippet::{Snippet, position};
use super::{Origin, Value};

/// One file that was read.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) path: PathBuf,
    pub(super) text: Arc<str>,
    pub(super) items: Vec<Item>,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) key: Range<usize>,
    pub(super) node: Node,
    pub(super) span: Range<usize>,
}

/// What stands at a key.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Table(Vec<Item>),
    List(Vec<(Node, Range<usize>)>),
    Value(Value),
    DateAndTime,
    /// A number that is too large for any setting.
    HugeNumber,
}

impl Document {
    pub(super) fn read(path: &Path) -> Result<Self, Vec<Mistake>> {
        let unreadable = |why: String| {
            vec![Mistake::new(
                MistakeKind::UnreadableFile,
                format!("cannot read the settings file {}: {why}", path.display()),
            )]
        };
        let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let text =
            String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?;
        Self::parse(path, text)
    }

    pub(super) fn parse(path: &Path, text: String) -> Result<Self, Vec<Mistake>> {
        // Offsets count without the byte order mark that some editors write.
        let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(&text).into();
        let (table, mut errors) = DeTable::parse_recoverable(&text);
        if !errors.is_empty() {
            let mut found: Vec<Mistake> = Vec::new();
            errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
            for error in &errors {
                let mistake = syntax_mistake(path, &text, error);
                // What follows on the same line only says how the parser found its way back.
                if found
                    .last()
                    .is_none_or(|last| !last.is_on_line_of(&mistake))
                {
                    found.push(mistake);
                }
            }
            return Err(found);
        }
        let items = table_items(table.get_ref());
        Ok(Self {
            path: path.to_owned(),
            text,
            items,
        })
    }

    pub(super) fn origin(&self, byte: usize) -> Origin {
        file_origin(&self.path, &self.text, byte)
    }

    /// The key alone, marked: what stands to its right may be secret.
    pub(super) fn key_snippet(&self, key: &Range<usize>) -> Snippet {
        let line_start = self.text[..key.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let before = &self.text[line_start..key.start];
        let is_path = before
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-. [".contains(c));
        let indent = before.len() - before.trim_start().len();
        let start = if is_path {
            line_start + indent
        } else {
            key.start
        };
        let bracket = usize::from(self.text[key.end..].starts_with(']'));
        Snippet::new(&self.text, start..key.end + bracket, key.clone())
    }

    /// The value with its key where both stand on one line, the value marked.
    pub(super) fn value_snippet(&self, key: &Range<usize>, value: &Range<usize>) -> Snippet {
        let line_start = self.text[..value.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let start = if key.start >= line_start {
            key.start
        } else {
            value.start
        };
        Snippet::new(&self.text, start..value.end, value.clone())
    }
}

impl Node {
    pub(super) fn found(&self) -> &'static str {
        match self {
            Self::Table(_) => "a section",
            Self::List(items) if items.iter().any(|(node, _)| matches!(node, Self::Table(_))) => {
                "a list of sections"
            }
            Self::List(_) => "a list",
            Self::Value(value) => value.kind().map_or("a list", super::ValueKind::found),
            Self::DateAndTime => "a date or time without quotes",
            Self::HugeNumber => "a number out of range",
        }
    }
}

pub(super) fn file_origin(path: &Path, text: &str, byte: usize) -> Origin {
    let (line, column) = position(text, byte);
    Origin::File {
        path: path.to_owned(),
        line,
        column,
    }
}

fn table_items(table: &DeTable<'_>) -> Vec<Item> {
    let mut items: Vec<_> = table
        .iter()
        .map(|(key, value)| Item {
            name: key.get_ref().to_string(),
            key: key.span(),
            node: node(value.get_ref()),
            span: value.span(),
        })
        .collect();
    items.sort_by_key(|item| item.key.start);
    items
}

fn node(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::String(text) => Node::Value(Value::Text(text.to_string())),
        DeValue::Boolean(value) => Node::Value(Value::Boolean(*value)),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or(Node::HugeNumber, |number| {
                Node::Value(Value::Integer(number))
            }),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or(Node::HugeNumber, |number| Node::Value(Value::Float(number))),
        DeValue::Datetime(_) => Node::DateAndTime,
        DeValue::Array(items) => Node::List(
            items
                .iter()
                .map(|item| (node(item.get_ref()), item.span()))
                .collect(),
        ),
        DeValue::Table(table) => Node::Table(table_items(table)),
    }
}

/// The text of a broken line is not shown: nothing says which part of it is a value, and a value may be secret.
fn syntax_mistake(path: &Path, text: &str, error: &toml::de::Error) -> Mistake {
    let duplicate = error.message().starts_with("duplicate key");
    let kind = if duplicate {
        MistakeKind::DuplicateKey
    } else {
        MistakeKind::Syntax
    };
    let span = error.span().unwrap_or(0..0);
    let mut message = format!("the settings file is not valid TOML: {}", error.message());
    let mut snippet = None;
    if duplicate {
        let name = text.get(span.clone()).unwrap_or_default();
        message = format!("the key `{name}` is set twice in one section");
        if text.get(span.clone()).is_some() {
            snippet = Some(Snippet::new(text, span.clone(), span.clone()));
        }
    }
    let mut mistake = Mistake::new(kind, message).at(file_origin(path, text, span.start));
    mistake.snippet = snippet;
    mistake
}
