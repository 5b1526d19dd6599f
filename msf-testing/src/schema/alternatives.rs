//! A schema as the list of what a value may be, whichever way that is written.

use serde_json::{Map, Value};

/// How often a reference or a nesting is followed; schemas of real types are far from it.
const DEEPEST: usize = 64;

/// One thing that a value may be.
#[derive(Clone, Debug)]
pub(super) enum Alternative<'a> {
    /// Anything.
    Any,
    /// Nothing; the schema `false`.
    Never,
    /// This value.
    Constant(&'a Value),
    /// A value of this type, under the other keywords of the schema.
    Typed(&'a str, &'a Map<String, Value>),
}

/// A document, to which its references lead.
#[derive(Clone, Copy)]
pub(super) struct Document<'a>(pub(super) &'a Value);

impl<'a> Document<'a> {
    /// What a value of `schema` may be: `$ref`, `anyOf`, `oneOf`, `enum`, `const` and lists of types are taken apart.
    pub(super) fn alternatives(self, schema: &'a Value) -> Vec<Alternative<'a>> {
        let mut found = Vec::new();
        self.collect(schema, DEEPEST, &mut found);
        found
    }

    fn collect(self, schema: &'a Value, deep: usize, found: &mut Vec<Alternative<'a>>) {
        let Value::Object(keywords) = schema else {
            found.push(match schema {
                Value::Bool(false) => Alternative::Never,
                _ => Alternative::Any,
            });
            return;
        };
        if deep == 0 {
            found.push(Alternative::Any);
        } else if let Some(target) = self.target(keywords) {
            self.collect(target, deep - 1, found);
        } else if let Some(constant) = keywords.get("const") {
            found.push(Alternative::Constant(constant));
        } else if let Some(Value::Array(values)) = keywords.get("enum") {
            found.extend(values.iter().map(Alternative::Constant));
        } else if let Some(choices) = choices(keywords) {
            for choice in choices {
                self.collect(choice, deep - 1, found);
            }
        } else {
            match keywords.get("type") {
                Some(Value::String(kind)) => found.push(Alternative::Typed(kind, keywords)),
                Some(Value::Array(kinds)) => found.extend(
                    kinds
                        .iter()
                        .filter_map(Value::as_str)
                        .map(|kind| Alternative::Typed(kind, keywords)),
                ),
                _ if keywords.contains_key("properties") => {
                    found.push(Alternative::Typed("object", keywords));
                }
                _ => found.push(Alternative::Any),
            }
        }
    }

    /// The schema that a reference leads to in the end.
    pub(super) fn resolve(self, schema: &'a Value) -> &'a Value {
        let mut resolved = schema;
        for _ in 0..DEEPEST {
            match resolved
                .as_object()
                .and_then(|keywords| self.target(keywords))
            {
                Some(target) => resolved = target,
                None => break,
            }
        }
        resolved
    }

    /// What `$ref` leads to.
    fn target(self, keywords: &Map<String, Value>) -> Option<&'a Value> {
        let reference = keywords.get("$ref")?.as_str()?;
        self.0.pointer(reference.strip_prefix('#')?)
    }
}

/// The schemas of which one holds.
pub(super) fn choices(keywords: &Map<String, Value>) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf"]
        .iter()
        .find_map(|keyword| keywords.get(*keyword)?.as_array())
}

/// What tells one object of several apart: the values of its constant fields, or the only field that it has.
pub(super) fn discriminator(object: &Map<String, Value>) -> Option<String> {
    let fields = object.get("properties")?.as_object()?;
    let constant = |schema: &Value| {
        schema
            .get("const")
            .or_else(|| match schema.get("enum")?.as_array()?.as_slice() {
                [one] => Some(one),
                _ => None,
            })
            .cloned()
    };
    let constants: Vec<String> = fields
        .iter()
        .filter_map(|(name, schema)| Some(format!("{name}={}", plain(&constant(schema)?))))
        .collect();
    if !constants.is_empty() {
        return Some(constants.join(","));
    }
    let mut names = fields.keys();
    match (names.next(), names.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => None,
    }
}

/// A value as it stands in a sentence.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
