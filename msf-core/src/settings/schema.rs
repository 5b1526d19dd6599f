//! What may be set: the keys of a section, what each holds, and its default.

use super::{Scalar, Setting, ValueKind};

/// The keys of one section; `#[derive(Settings)]` builds it.
#[derive(Clone, Debug)]
pub struct Schema {
    pub(super) keys: Vec<Key>,
    pub(super) conflicts: Vec<Conflict>,
}

/// One key of a section.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) name: &'static str,
    pub(super) documentation: &'static str,
    pub(super) default: Option<Literal>,
    pub(super) shape: Shape,
    pub(super) owner: &'static str,
}

/// What a key holds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// One value.
    Scalar(ScalarShape),
    /// A list of values: a TOML array, or a text with commas.
    List(ScalarShape),
    /// Something that may be left out.
    Optional(Box<Shape>),
    /// A nested section.
    Section(Schema),
    /// Anything by name, such as `clients.NAME.url`.
    Map(Box<Shape>),
}

/// What one value looks like: the constants of its [`Scalar`].
#[derive(Clone, Copy, Debug)]
pub struct ScalarShape {
    pub(super) expected: &'static str,
    pub(super) kind: ValueKind,
    pub(super) secret: bool,
    pub(super) choices: &'static [&'static str],
}

/// A default as it is written in `#[setting(default = ..)]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    /// `"text"`
    Text(&'static str),
    /// `42`
    Integer(i128),
    /// `0.5`
    Float(f64),
    /// `true`
    Boolean(bool),
    /// `["a", "b"]`
    List(&'static [Literal]),
}

/// Two types that define the same key in one section.
#[derive(Clone, Debug)]
pub(super) struct Conflict {
    pub(super) path: Vec<String>,
    pub(super) owners: [&'static str; 2],
}

// === impl Schema ===

impl Schema {
    /// The keys that the type `owner` defines.
    pub fn new(owner: &'static str, keys: impl IntoIterator<Item = Key>) -> Self {
        let keys = keys.into_iter().map(|key| Key { owner, ..key }).collect();
        Self {
            keys,
            conflicts: Vec::new(),
        }
    }

    /// The keys of both; sections of the same name are merged, any other key that both define is a mistake at load.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.conflicts.extend(other.conflicts);
        for key in other.keys {
            let Some(ours) = self.keys.iter_mut().find(|ours| ours.name == key.name) else {
                self.keys.push(key);
                continue;
            };
            match (&mut ours.shape, key.shape) {
                (Shape::Section(mine), Shape::Section(theirs)) => {
                    let mut merged = std::mem::replace(mine, Self::new("", [])).merge(theirs);
                    for mut conflict in std::mem::take(&mut merged.conflicts) {
                        conflict.path.insert(0, key.name.to_owned());
                        self.conflicts.push(conflict);
                    }
                    *mine = merged;
                }
                _ => self.conflicts.push(Conflict {
                    path: vec![key.name.to_owned()],
                    owners: [ours.owner, key.owner],
                }),
            }
        }
        self
    }

    pub(super) fn find(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The dotted paths of all keys that hold a value; a name that the user chooses is `NAME`.
    pub(super) fn paths(&self) -> Vec<Vec<String>> {
        fn walk(shape: &Shape, path: Vec<String>, out: &mut Vec<Vec<String>>) {
            match shape {
                Shape::Scalar(_) | Shape::List(_) => out.push(path),
                Shape::Optional(inner) => walk(inner, path, out),
                Shape::Section(schema) => {
                    for key in &schema.keys {
                        walk(
                            &key.shape,
                            [path.clone(), vec![key.name.to_owned()]].concat(),
                            out,
                        );
                    }
                }
                Shape::Map(inner) => walk(inner, [path, vec!["NAME".to_owned()]].concat(), out),
            }
        }
        let mut out = Vec::new();
        for key in &self.keys {
            walk(&key.shape, vec![key.name.to_owned()], &mut out);
        }
        out
    }
}

// === impl Key ===

impl Key {
    /// A key that holds a `T`; required unless `T` says otherwise or it gets a default.
    pub fn new<T: Setting>(name: &'static str, documentation: &'static str) -> Self {
        Self {
            name,
            documentation,
            default: None,
            shape: T::shape(),
            owner: "",
        }
    }

    /// Gives it a default.
    #[must_use]
    pub fn default(mut self, default: Literal) -> Self {
        self.default = Some(default);
        self
    }
}

// === impl Shape ===

impl Shape {
    /// The shape of one value.
    pub fn scalar<T: Scalar>() -> Self {
        Self::Scalar(ScalarShape::of::<T>())
    }

    /// What it is when it is there.
    pub(super) fn present(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner.present(),
            shape => shape,
        }
    }

    pub(super) fn expected(&self) -> String {
        match self {
            Self::Scalar(scalar) => scalar.expected.to_owned(),
            Self::List(scalar) => format!("a list, each item {}", scalar.expected),
            Self::Optional(inner) => inner.expected(),
            Self::Section(schema) => {
                let names: Vec<_> = schema
                    .keys
                    .iter()
                    .map(|key| format!("`{}`", key.name))
                    .collect();
                format!("a section with the keys {}", names.join(", "))
            }
            Self::Map(inner) => format!("a section of names, each {}", inner.expected()),
        }
    }
}

// === impl ScalarShape ===

impl ScalarShape {
    /// The shape of a `T`.
    pub fn of<T: Scalar>() -> Self {
        Self {
            expected: T::EXPECTED,
            kind: T::KIND,
            secret: T::SECRET,
            choices: T::CHOICES,
        }
    }
}
