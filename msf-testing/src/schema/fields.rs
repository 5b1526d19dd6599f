//! The fields of objects and the items of lists.

use serde_json::{Map, Value};

use super::change::Effect;
use super::compare::{Comparison, Keywords};
use super::scalar;

/// The fields of an object, and which of them are required.
struct Fields<'a> {
    schemas: Option<&'a Keywords>,
    required: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(object: &'a Keywords) -> Self {
        let required = object.get("required").and_then(Value::as_array);
        Self {
            schemas: object.get("properties").and_then(Value::as_object),
            required: required
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.schemas.into_iter().flatten()
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.schemas?.get(name)
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn requires(&self, name: &str) -> bool {
        self.required.contains(&name)
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn object(&mut self, path: &str, old: &'a Keywords, new: &'a Keywords) {
        let pair = (std::ptr::from_ref(old), std::ptr::from_ref(new));
        if self.begins(pair) {
            self.object_once(path, old, new);
            self.ends(&pair);
        }
    }

    fn object_once(&mut self, path: &str, old: &'a Keywords, new: &'a Keywords) {
        for (what, effect) in scalar::compare("object", old, new) {
            self.tell(path, what, effect);
        }
        self.fields(path, old, new);
        let others =
            |of: &'a Keywords| of.get("additionalProperties").unwrap_or(&Value::Bool(true));
        match (others(old), others(new)) {
            (Value::Bool(false), Value::Bool(false) | Value::Object(_))
            | (Value::Bool(true), Value::Bool(true)) => {}
            (Value::Bool(false), _) => {
                self.tell(path, "may have unknown fields now", Effect::Added);
            }
            (_, Value::Bool(false)) => {
                self.tell(path, "may have unknown fields no longer", Effect::Breaking);
            }
            (old, new) => self.schemas(&join(path, "*"), old, new),
        }
        let empty = Map::new();
        let patterns = |of: &'a Keywords| of.get("patternProperties").and_then(Value::as_object);
        for (pattern, before) in patterns(old).into_iter().flatten() {
            match patterns(new).and_then(|new| new.get(pattern)) {
                Some(after) => self.schemas(&join(path, "*"), before, after),
                None => self.tell(
                    path,
                    format!("has lost the fields like `{pattern}`"),
                    Effect::Breaking,
                ),
            }
        }
        for pattern in patterns(new).unwrap_or(&empty).keys() {
            if !patterns(old).is_some_and(|old| old.contains_key(pattern)) {
                self.tell(
                    path,
                    format!("has rules for fields like `{pattern}` now"),
                    Effect::Breaking,
                );
            }
        }
    }

    pub(super) fn fields(&mut self, path: &str, old: &'a Keywords, new: &'a Keywords) {
        let (before, after) = (Fields::of(old), Fields::of(new));
        // Readers of yesterday that refuse what they do not know cannot ignore a new field.
        let refuse = old.get("additionalProperties") == Some(&Value::Bool(false));
        let gone = |name: &String| before.has(name) && !after.has(name);
        let added = |name: &String| !before.has(name) && after.has(name);
        let mut renamed = Vec::new();
        for (name, schema) in before.all() {
            let at = join(path, name);
            if gone(name) {
                let twin = after
                    .all()
                    .find(|(other, twin)| added(other) && *twin == schema);
                match twin {
                    Some((other, _)) => {
                        renamed.push(other);
                        self.tell(
                            &at,
                            format!("was removed, or renamed to `{other}`"),
                            Effect::Breaking,
                        );
                    }
                    None => self.tell(&at, "was removed", Effect::Breaking),
                }
                continue;
            }
            match (before.requires(name), after.requires(name)) {
                (true, false) => self.tell(
                    &at,
                    "was required and is optional: readers of yesterday need it",
                    Effect::Breaking,
                ),
                (false, true) => self.tell(
                    &at,
                    "was optional and is required: events of yesterday may lack it",
                    Effect::Breaking,
                ),
                _ => {}
            }
            if let Some(after) = after.get(name) {
                self.schemas(&at, schema, after);
            }
        }
        for (name, _) in after.all().filter(|(name, _)| added(name)) {
            let at = join(path, name);
            if after.requires(name) {
                if !renamed.contains(&name) {
                    self.tell(
                        &at,
                        "is new and required: events of yesterday lack it",
                        Effect::Breaking,
                    );
                }
            } else if refuse {
                self.tell(
                    &at,
                    "is new, and readers of yesterday refuse unknown fields",
                    Effect::Breaking,
                );
            } else {
                self.tell(&at, "is new and optional", Effect::Added);
            }
        }
    }

    pub(super) fn arrays(&mut self, path: &str, old: &'a Keywords, new: &'a Keywords) {
        let each = format!("{path}[]");
        match (old.get("items"), new.get("items")) {
            (Some(old), Some(new)) => self.schemas(&each, old, new),
            (Some(_), None) => self.tell(&each, "may be anything now", Effect::Widened),
            (None, Some(_)) => self.tell(&each, "may be anything no longer", Effect::Breaking),
            (None, None) => {}
        }
        let places = |of: &'a Keywords| of.get("prefixItems").and_then(Value::as_array);
        let (before, after) = (places(old), places(new));
        if before.map(Vec::len) != after.map(Vec::len) {
            self.tell(path, "has another number of places", Effect::Breaking);
        }
        for (index, (before, after)) in before
            .into_iter()
            .flatten()
            .zip(after.into_iter().flatten())
            .enumerate()
        {
            self.schemas(&format!("{path}[{index}]"), before, after);
        }
        let unique = |of: &Keywords| of.get("uniqueItems") == Some(&Value::Bool(true));
        match (unique(old), unique(new)) {
            (true, false) => self.tell(path, "may have an item twice now", Effect::Widened),
            (false, true) => self.tell(path, "may have no item twice now", Effect::Breaking),
            _ => {}
        }
    }
}

/// The path of a field.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
