//! What changed between two schemas, and whether readers can live with it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::alternatives::{Alternative, Document, choices, discriminator, plain};
use super::change::{Change, Effect};
use super::fields::join;
use super::scalar;

/// Keywords that this module understands, and those that only describe.
const UNDERSTOOD: [&str; 41] = [
    "$schema",
    "$id",
    "$comment",
    "$ref",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "type",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "items",
    "prefixItems",
    "uniqueItems",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "$anchor",
];

/// The differences between the schema that readers know and that of today, in the order of their paths.
///
/// Descriptions, titles, defaults and the names of definitions do not count. A keyword that is not understood is a breaking
/// change wherever it differs: `not`, `if` and their like are beyond this comparison, and never what a derive writes.
///
/// ```
/// use msf_testing::schema::{Effect, compare};
/// use serde_json::json;
///
/// let old = json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]});
/// let mut new = old.clone();
/// new["properties"]["note"] = json!({"type": ["string", "null"]});
/// assert_eq!(compare(&old, &new)[0].effect, Effect::Added);
/// assert_eq!(compare(&new, &old)[0].effect, Effect::Breaking);
/// assert!(compare(&old, &old).is_empty());
/// ```
pub fn compare(old: &Value, new: &Value) -> Vec<Change> {
    let mut comparison = Comparison {
        old: Document(old),
        new: Document(new),
        schemas_under_way: BTreeSet::new(),
        objects_under_way: BTreeSet::new(),
        changes: Vec::new(),
    };
    comparison.schemas("", old, new);
    comparison.changes
}

/// The keywords of a schema.
pub(super) type Keywords = Map<String, Value>;

/// A comparison that is under way.
pub(super) struct Comparison<'a> {
    old: Document<'a>,
    new: Document<'a>,
    /// Pairs that are being compared: a type that holds itself ends there.
    schemas_under_way: BTreeSet<(*const Value, *const Value)>,
    objects_under_way: BTreeSet<(*const Keywords, *const Keywords)>,
    changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    /// Whether this pair of objects is not under way yet.
    pub(super) fn begins(&mut self, pair: (*const Keywords, *const Keywords)) -> bool {
        self.objects_under_way.insert(pair)
    }

    pub(super) fn ends(&mut self, pair: &(*const Keywords, *const Keywords)) {
        self.objects_under_way.remove(pair);
    }

    pub(super) fn tell(&mut self, path: &str, what: impl Into<String>, effect: Effect) {
        self.changes.push(Change::new(path, what, effect));
    }

    pub(super) fn schemas(&mut self, path: &str, old: &'a Value, new: &'a Value) {
        let (old, new) = (self.old.resolve(old), self.new.resolve(new));
        let pair = (std::ptr::from_ref(old), std::ptr::from_ref(new));
        if !self.schemas_under_way.insert(pair) {
            return;
        }
        self.not_understood(path, old, new);
        self.beside_choices(path, old, new);
        let alternatives = (self.old.alternatives(old), self.new.alternatives(new));
        self.alternatives(path, &alternatives.0, &alternatives.1);
        self.schemas_under_way.remove(&pair);
    }

    /// Keywords that say what this module cannot weigh.
    fn not_understood(&mut self, path: &str, old: &Value, new: &Value) {
        let empty = Map::new();
        let old = old.as_object().unwrap_or(&empty);
        let new = new.as_object().unwrap_or(&empty);
        let keywords: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for keyword in keywords {
            if !UNDERSTOOD.contains(&keyword.as_str()) && old.get(keyword) != new.get(keyword) {
                self.tell(
                    path,
                    format!("has another `{keyword}`, which cannot be compared"),
                    Effect::Breaking,
                );
            }
        }
    }

    /// Fields that stand beside a choice (a flattened enum) belong to each of its alternatives.
    fn beside_choices(&mut self, path: &str, old: &'a Value, new: &'a Value) {
        let beside = |schema: &'a Value| {
            let keywords = schema.as_object()?;
            choices(keywords)?;
            Some(keywords)
        };
        if let (Some(old), Some(new)) = (beside(old), beside(new)) {
            self.fields(path, old, new);
        }
    }

    fn alternatives(&mut self, path: &str, old: &[Alternative<'a>], new: &[Alternative<'a>]) {
        match (kinds(old).as_slice(), kinds(new).as_slice()) {
            ([before], [after]) if before != after => {
                let widened =
                    *after == "anything" || (*before, *after) == ("an integer", "a number");
                let effect = if widened {
                    Effect::Widened
                } else {
                    Effect::Breaking
                };
                self.tell(path, format!("was {before} and is {after}"), effect);
                if ![*before, *after].contains(&"anything") {
                    self.null(path, old, new);
                }
                return;
            }
            _ => {}
        }
        self.null(path, old, new);
        self.constants(path, old, new);
        self.kinds(path, old, new);
        self.objects(path, old, new);
    }

    fn null(&mut self, path: &str, old: &[Alternative<'_>], new: &[Alternative<'_>]) {
        let nullable = |all: &[Alternative<'_>]| {
            all.iter().any(|one| match one {
                Alternative::Typed("null", _) | Alternative::Any => true,
                Alternative::Constant(value) => value.is_null(),
                _ => false,
            })
        };
        match (nullable(old), nullable(new)) {
            (true, false) => self.tell(path, "may be null no longer", Effect::Breaking),
            (false, true) => self.tell(path, "may be null now", Effect::Widened),
            _ => {}
        }
    }

    /// The values of an enum.
    fn constants(&mut self, path: &str, old: &[Alternative<'_>], new: &[Alternative<'_>]) {
        let admits = |all: &[Alternative<'_>], value: &Value| {
            all.iter().any(|one| match one {
                Alternative::Constant(constant) => *constant == value,
                Alternative::Typed(kind, _) => *kind == type_of(value),
                Alternative::Any => true,
                Alternative::Never => false,
            })
        };
        for (all, other, is_gone) in [(old, new, true), (new, old, false)] {
            for one in all {
                let Alternative::Constant(value) = one else {
                    continue;
                };
                if value.is_null() || admits(other, value) {
                    continue;
                }
                let value = plain(value);
                if is_gone {
                    self.tell(
                        path,
                        format!("has lost the value `{value}`"),
                        Effect::Breaking,
                    );
                } else {
                    self.tell(
                        path,
                        format!("has the new value `{value}`"),
                        Effect::Widened,
                    );
                }
            }
        }
        let texts = |all: &[Alternative<'_>]| {
            all.iter()
                .any(|one| matches!(one, Alternative::Typed("string", _)))
        };
        let values = |all: &[Alternative<'_>]| {
            all.iter()
                .any(|one| matches!(one, Alternative::Constant(Value::String(_))))
        };
        if texts(old) && !texts(new) && values(new) {
            self.tell(
                path,
                "was any text and is one of some values",
                Effect::Breaking,
            );
        } else if values(old) && !texts(old) && texts(new) {
            self.tell(
                path,
                "was one of some values and is any text",
                Effect::Widened,
            );
        }
    }

    /// What is neither null, a constant nor one of several objects.
    fn kinds(&mut self, path: &str, old: &[Alternative<'a>], new: &[Alternative<'a>]) {
        let of = |all: &[Alternative<'a>], wanted: &str| {
            all.iter().find_map(|one| match one {
                Alternative::Typed(kind, schema) if *kind == wanted => Some(*schema),
                _ => None,
            })
        };
        let any = |all: &[Alternative<'_>]| all.iter().any(|one| matches!(one, Alternative::Any));
        match (any(old), any(new)) {
            (true, true) => return,
            (true, false) => self.tell(path, "may be anything no longer", Effect::Breaking),
            (false, true) => self.tell(path, "may be anything now", Effect::Widened),
            (false, false) => {}
        }
        if any(old) || any(new) {
            return;
        }
        for kind in ["boolean", "integer", "number", "string", "array"] {
            match (of(old, kind), of(new, kind)) {
                (Some(old), Some(new)) => {
                    for (what, effect) in scalar::compare(kind, old, new) {
                        self.tell(path, what, effect);
                    }
                    if kind == "array" {
                        self.arrays(path, old, new);
                    }
                }
                (Some(_), None) if kind == "integer" && of(new, "number").is_some() => {}
                (Some(_), None) if kind == "string" && new.iter().any(is_text) => {}
                (None, Some(_)) if kind == "string" && old.iter().any(is_text) => {}
                (Some(_), None) => {
                    self.tell(
                        path,
                        format!("may be {} no longer", article(kind)),
                        Effect::Breaking,
                    );
                }
                (None, Some(_)) => {
                    self.tell(
                        path,
                        format!("may be {} now", article(kind)),
                        Effect::Widened,
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn objects(&mut self, path: &str, old: &[Alternative<'a>], new: &[Alternative<'a>]) {
        let of = |all: &[Alternative<'a>]| -> Vec<&'a Keywords> {
            all.iter()
                .filter_map(|one| match one {
                    Alternative::Typed("object", schema) => Some(*schema),
                    _ => None,
                })
                .collect()
        };
        let (old, new) = (of(old), of(new));
        if let ([old], [new]) = (old.as_slice(), new.as_slice()) {
            self.object(path, old, new);
            return;
        }
        let named = |all: &[&'a Keywords]| -> Vec<(String, &'a Keywords)> {
            let name = |(index, object): (usize, &&'a Keywords)| {
                let title = || Some(object.get("title")?.as_str()?.to_owned());
                let name = discriminator(object).or_else(title);
                (name.unwrap_or_else(|| format!("#{index}")), *object)
            };
            all.iter().enumerate().map(name).collect()
        };
        let (old, new) = (named(&old), named(&new));
        for (name, before) in &old {
            match new.iter().find(|(other, _)| other == name) {
                Some((_, after)) => self.object(&join(path, &format!("({name})")), before, after),
                None => self.tell(
                    path,
                    format!("has lost the variant `{name}`"),
                    Effect::Breaking,
                ),
            }
        }
        for (name, _) in &new {
            if !old.iter().any(|(other, _)| other == name) {
                self.tell(
                    path,
                    format!("has the new variant `{name}`"),
                    Effect::Widened,
                );
            }
        }
    }
}

/// What a value may be in a sentence, null aside.
fn kinds(all: &[Alternative<'_>]) -> Vec<&'static str> {
    let mut kinds: Vec<_> = all
        .iter()
        .filter_map(|one| match one {
            Alternative::Any => Some("anything"),
            Alternative::Never => Some("nothing"),
            Alternative::Constant(Value::Null) | Alternative::Typed("null", _) => None,
            Alternative::Constant(value) => Some(article(type_of(value))),
            Alternative::Typed(kind, _) => Some(article(kind)),
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn is_text(one: &Alternative<'_>) -> bool {
    matches!(one, Alternative::Constant(Value::String(_)))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn article(kind: &str) -> &'static str {
    match kind {
        "boolean" => "true or false",
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a string",
        "array" => "a list",
        "object" => "an object",
        "null" => "null",
        _ => "something else",
    }
}
