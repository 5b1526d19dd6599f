//! One load in progress: the values that were given, the mistakes and the effective settings so far.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::document::{Document, Node};
use super::effective::Entry;
use super::mistake::{Mistake, MistakeKind};
use super::schema::{ScalarShape, Schema, Shape};
use super::value::bare_or_quoted;
use super::{Origin, Scalar, Value};

/// Whose settings these are, and how their keys are called in each source.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The app's name, which begins its variables.
    pub(super) name: String,
    /// The table of the file in which the app's settings lie, where several apps share one file.
    pub(super) table: Option<String>,
    /// The file, to tell where a missing key may be set.
    pub(super) file: String,
}

/// One value that a source gives.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
    /// The key and the value in the file.
    pub(super) place: Option<(Range<usize>, Range<usize>)>,
}

#[derive(Clone)]
pub(super) enum Raw {
    /// From the environment or a flag: its type is what the key makes of it.
    Text(String),
    /// From a file, with a type.
    Node(Node),
}

/// Everything that one load knows.
pub(super) struct Loading {
    pub(super) scope: Scope,
    pub(super) root: Arc<Schema>,
    /// Names at the outermost level that belong to the apps of the process.
    pub(super) apps: Vec<String>,
    pub(super) document: Option<Document>,
    /// Lower sources first, so that the last one wins.
    givens: BTreeMap<Vec<String>, Vec<Given>>,
    /// Tables that a file has, even when they are empty.
    pub(super) present: BTreeSet<Vec<String>>,
    /// Keys about which something was said already; that they are missing as well is no news.
    pub(super) broken: Vec<Vec<String>>,
    /// Whether a whole source could not be read, so that any key may have been in it.
    pub(super) source_lost: bool,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) entries: Vec<Entry>,
}

// === impl Scope ===

impl Scope {
    /// The path in the file and for `--set`.
    pub(super) fn full(&self, path: &[String]) -> String {
        let table = self.table.as_deref().map(bare_or_quoted);
        table
            .into_iter()
            .chain(path.iter().map(|name| bare_or_quoted(name)))
            .collect::<Vec<_>>()
            .join(".")
    }

    pub(super) fn variable(&self, path: &[String]) -> String {
        let mut name = variable_prefix(&self.name);
        name.push_str(&path.join("__").to_uppercase().replace('-', "_"));
        name
    }
}

/// `HELLO__` for `hello`, `USER_SERVICE__` for `user-service`.
pub(super) fn variable_prefix(name: &str) -> String {
    format!("{}__", name.to_uppercase().replace('-', "_"))
}

// === impl Loading ===

impl Loading {
    pub(super) fn new(scope: Scope, root: Arc<Schema>, apps: Vec<String>) -> Self {
        Self {
            scope,
            root,
            apps,
            document: None,
            givens: BTreeMap::new(),
            present: BTreeSet::new(),
            broken: Vec::new(),
            source_lost: false,
            mistakes: Vec::new(),
            entries: Vec::new(),
        }
    }

    pub(super) fn give(&mut self, path: Vec<String>, given: Given) {
        self.givens.entry(path).or_default().push(given);
    }

    /// The value that wins, and where lower sources set it too.
    pub(super) fn winner(&self, path: &[String]) -> Option<(Given, Vec<Origin>)> {
        let (winner, lower) = self.givens.get(path)?.split_last()?;
        Some((
            winner.clone(),
            lower
                .iter()
                .rev()
                .map(|given| given.origin.clone())
                .collect(),
        ))
    }

    pub(super) fn is_present(&self, path: &[String]) -> bool {
        self.givens
            .keys()
            .chain(&self.present)
            .any(|given| given.starts_with(path))
    }

    /// The names that the sources give to the entries of a map.
    pub(super) fn names_in(&self, map: &[String]) -> BTreeSet<String> {
        self.givens
            .keys()
            .chain(&self.present)
            .filter(|given| given.starts_with(map))
            .filter_map(|given| given.get(map.len()).cloned())
            .collect()
    }

    /// Notes that a required key is set nowhere, unless a mistake was noted that explains it.
    pub(super) fn note_missing(
        &mut self,
        path: &[String],
        shape: &ScalarShape,
        documentation: &str,
    ) {
        if self.source_lost || self.broken.iter().any(|broken| path.starts_with(broken)) {
            return;
        }
        let full = self.scope.full(path);
        let variable = self.scope.variable(path);
        let file = &self.scope.file;
        let help = format!(
            "set `{full}` in {file}, or the variable {variable}, or pass `--set {full}=VALUE`"
        );
        let about = documentation
            .lines()
            .next()
            .filter(|line| !line.is_empty())
            .map(|line| format!(" ({line})"));
        let message = format!(
            "missing key `{full}`: expected {}{}",
            shape.expected,
            about.unwrap_or_default()
        );
        self.mistakes.push(
            Mistake::new(MistakeKind::Missing, message)
                .key_path(full)
                .help(help),
        );
    }

    /// Reads what was given for a value; the mistake is noted where it does not fit.
    pub(super) fn read_scalar<T: Scalar>(
        &mut self,
        path: &[String],
        given: &Given,
        also: Vec<Origin>,
    ) -> Option<(T, Value)> {
        let shape = ScalarShape::of::<T>();
        let read = match &given.raw {
            Raw::Text(text) => {
                T::from_text(text).map(|value| (value, Value::of_text(text, &shape)))
            }
            Raw::Node(Node::Value(value)) => value
                .read()
                .map(|read| (read, value.clone().masked(&shape))),
            Raw::Node(_) => None,
        };
        if read.is_none() {
            self.note_wrong(path, given, also, &Shape::Scalar(shape));
        }
        read
    }

    /// Reads a list: an array whose every item fits, or a text with commas.
    pub(super) fn read_list<T: Scalar>(
        &mut self,
        path: &[String],
        given: &Given,
        also: Vec<Origin>,
    ) -> Option<(Vec<T>, Value)> {
        let shape = ScalarShape::of::<T>();
        let parts = match &given.raw {
            Raw::Text(text) if text.trim().is_empty() => Vec::new(),
            Raw::Text(text) => text
                .split(',')
                .map(|part| Given {
                    raw: Raw::Text(part.trim().to_owned()),
                    ..given.clone()
                })
                .collect(),
            Raw::Node(Node::List(items)) => items
                .iter()
                .map(|(node, span)| self.item_of(given, node, span))
                .collect(),
            Raw::Node(_) => {
                self.note_wrong(path, given, also, &Shape::List(shape));
                return None;
            }
        };
        let read: Vec<Option<(T, Value)>> = parts
            .iter()
            .map(|part| self.read_scalar(path, part, also.clone()))
            .collect();
        let (values, shown): (Vec<T>, Vec<Value>) = read
            .into_iter()
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .unzip();
        Some((
            values,
            if shape.secret {
                Value::Secret
            } else {
                Value::List(shown)
            },
        ))
    }

    fn item_of(&self, list: &Given, node: &Node, span: &Range<usize>) -> Given {
        Given {
            raw: Raw::Node(node.clone()),
            origin: self.document.as_ref().map_or_else(
                || list.origin.clone(),
                |document| document.origin(span.start),
            ),
            // The key is left out: between it and the item stand other items, which need not be shown.
            place: Some((span.clone(), span.clone())),
        }
    }

    fn note_wrong(&mut self, path: &[String], given: &Given, also: Vec<Origin>, shape: &Shape) {
        let (Shape::Scalar(scalar) | Shape::List(scalar)) = shape else {
            return;
        };
        let right_kind = match &given.raw {
            Raw::Node(Node::Value(value)) => {
                matches!(shape, Shape::Scalar(_)) && value.kind() == Some(scalar.kind)
            }
            Raw::Node(_) => false,
            Raw::Text(_) => true,
        };
        let found = match &given.raw {
            Raw::Text(text) if text.is_empty() => "an empty text",
            Raw::Text(_) => "other text",
            Raw::Node(Node::Value(Value::Text(text))) if right_kind && text.is_empty() => {
                "an empty text"
            }
            Raw::Node(Node::Value(Value::Text(_))) if right_kind => "other text",
            Raw::Node(Node::Value(_)) if right_kind => "a number out of range",
            Raw::Node(node) => node.found(),
        };
        let choice = right_kind && !scalar.choices.is_empty();
        let kind = if choice {
            MistakeKind::InvalidChoice
        } else {
            MistakeKind::WrongType
        };
        let full = self.scope.full(path);
        let mut mistake = Mistake::new(
            kind,
            format!("`{full}`: expected {}, found {found}", shape.expected()),
        );
        if let (true, Raw::Text(text) | Raw::Node(Node::Value(Value::Text(text)))) =
            (choice, &given.raw)
        {
            mistake.help = super::nearest::nearest(text, scalar.choices.iter().copied())
                .map(|choice| format!("did you mean `{choice}`?"));
        }
        if let (Some((key, value)), Some(document)) = (&given.place, &self.document) {
            // A section or list may hold a secret of another key that was put in the wrong place.
            let plain = matches!(
                given.raw,
                Raw::Node(Node::Value(_) | Node::DateAndTime | Node::HugeNumber)
            );
            mistake.snippet = match (scalar.secret, plain) {
                (true, _) => None,
                (false, true) => Some(document.value_snippet(key, value)),
                (false, false) if key == value => None,
                (false, false) => Some(document.key_snippet(key)),
            };
        }
        mistake.also = also;
        self.mistakes
            .push(mistake.key_path(full).at(given.origin.clone()));
    }
}
