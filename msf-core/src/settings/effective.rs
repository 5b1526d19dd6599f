//! What the settings came to: every key with its value, its default and where the value came from.

use std::fmt::Write as _;

use serde_json::json;

use super::mistake::{Mistake, MistakeKind};
use super::value::bare_or_quoted;
use super::{Origin, Value};

/// Every setting with its value, default and source, in the order of the structs; secrets are masked.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    pub(super) entries: Vec<Entry>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) path: Vec<String>,
    pub(super) value: Option<Value>,
    pub(super) default: Option<Value>,
    pub(super) documentation: &'static str,
    pub(super) source: Origin,
}

// === impl Effective ===

impl Effective {
    /// The settings, in the order of the structs.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The setting with this dotted key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key() == key)
    }

    /// Adds the settings of another app of the process.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Says what the program takes for an optional key that is not set: it is shown as the default that it is.
    pub fn assume(&mut self, key: &str, value: Value) {
        let entry = self.entries.iter_mut().find(|entry| entry.key() == key);
        if let Some(entry) = entry.filter(|entry| entry.value.is_none()) {
            entry.default = Some(value.clone());
            entry.value = Some(value);
        }
    }

    /// A mistake for a value that its type allows and the program refuses, such as a generated key in production.
    ///
    /// It points at the source of the value. `message` must not contain the value.
    pub fn refuse(&self, key: &str, message: &str, help: &str) -> Mistake {
        let mistake = Mistake::new(MistakeKind::Refused, format!("`{key}`: {message}"))
            .key_path(key)
            .help(help.to_owned());
        match self.get(key) {
            Some(entry) => mistake.at(entry.source.clone()),
            None => mistake,
        }
    }

    /// TOML, each value with its source as a comment.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        for (section, entries) in self.sections() {
            write_section(&mut out, &section, "");
            for entry in entries {
                let name = entry
                    .path
                    .last()
                    .map(|name| bare_or_quoted(name))
                    .unwrap_or_default();
                let _ = match &entry.value {
                    Some(value) => writeln!(out, "{name} = {value} # {}", entry.source),
                    None => writeln!(out, "# {name} is not set"),
                };
            }
        }
        out
    }

    /// JSON: a list of `{key, value, default, source, documentation}`; a value or default that is not there is `null`.
    pub fn to_json(&self) -> serde_json::Value {
        self.entries
            .iter()
            .map(|entry| {
                json!({
                    "key": entry.key(),
                    "value": entry.value.as_ref().map(Value::to_json),
                    "default": entry.default.as_ref().map(Value::to_json),
                    "source": entry.source.to_string(),
                    "documentation": entry.documentation,
                })
            })
            .collect()
    }

    /// The entries by section, the keys outside of any first, as TOML must have them.
    fn sections(&self) -> Vec<(Vec<String>, Vec<&Entry>)> {
        let mut sections: Vec<(Vec<String>, Vec<&Entry>)> = vec![(Vec::new(), Vec::new())];
        for entry in &self.entries {
            let parent = entry
                .path
                .split_last()
                .map_or(&[][..], |(_, parent)| parent);
            match sections.iter_mut().find(|(section, _)| section == parent) {
                Some((_, entries)) => entries.push(entry),
                None => sections.push((parent.to_vec(), vec![entry])),
            }
        }
        sections
    }
}

/// The head of a table behind `mark`, after an empty line unless it is the first; the outermost section has none.
pub(super) fn write_section(out: &mut String, section: &[String], mark: &str) {
    if section.is_empty() {
        return;
    }
    let path: Vec<_> = section.iter().map(|name| bare_or_quoted(name)).collect();
    let space = if out.is_empty() { "" } else { "\n" };
    let _ = writeln!(out, "{space}{mark}[{}]", path.join("."));
}

// === impl Entry ===

impl Entry {
    /// The dotted key; in a process with several apps it begins with the app's name.
    pub fn key(&self) -> String {
        self.path
            .iter()
            .map(|name| bare_or_quoted(name))
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The value, masked when it is secret; `None` for an optional key that is not set.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// The default in the code.
    pub fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// The doc comment of the field.
    pub fn documentation(&self) -> &'static str {
        self.documentation
    }

    /// Where the value came from.
    pub fn source(&self) -> &Origin {
        &self.source
    }
}
