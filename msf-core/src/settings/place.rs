//! What the generated code reads from: a section, and in it the place of one key.

use std::collections::BTreeMap;

use super::effective::Entry;
use super::loading::Loading;
use super::mistake::{Mistake, MistakeKind};
use super::schema::{Key, Literal, ScalarShape, Schema, Shape};
use super::{Origin, Scalar, Setting, Settings, Value};

/// A section that is being read; generated code calls [`read`](Self::read) for each field.
pub struct Section<'a> {
    schema: &'a Schema,
    path: Vec<String>,
    loading: &'a mut Loading,
}

/// Where one value is being read; handed to [`Setting::read`].
pub struct Place<'a> {
    key: &'a Key,
    shape: &'a Shape,
    path: Vec<String>,
    loading: &'a mut Loading,
}

// === impl Section ===

impl<'a> Section<'a> {
    pub(super) fn new(schema: &'a Schema, path: Vec<String>, loading: &'a mut Loading) -> Self {
        Self {
            schema,
            path,
            loading,
        }
    }

    /// Reads the key `name` of the schema; `None` when a mistake was noted.
    pub fn read<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        let path = [self.path.as_slice(), &[name.to_owned()]].concat();
        let Some(key) = self.schema.find(name) else {
            let message = format!(
                "the program reads the key `{}`, which its schema does not have",
                self.loading.scope.full(&path)
            );
            self.loading
                .mistakes
                .push(Mistake::new(MistakeKind::Definition, message));
            return None;
        };
        T::read(Place {
            key,
            shape: &key.shape,
            path,
            loading: self.loading,
        })
    }
}

impl std::fmt::Debug for Section<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Section")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

// === impl Place ===

impl std::fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Place<'_> {
    pub(super) fn scalar<T: Scalar>(self) -> Option<T> {
        let default = self.default_of(&Shape::scalar::<T>(), |literal| {
            Value::from(literal).read::<T>()
        });
        let read = match self.loading.winner(&self.path) {
            Some((given, also)) => {
                let (value, shown) = self.loading.read_scalar(&self.path, &given, also)?;
                Some((value, shown, given.origin))
            }
            None => None,
        };
        self.finish(&ScalarShape::of::<T>(), read, default)
    }

    pub(super) fn list<T: Scalar>(self) -> Option<Vec<T>> {
        let default = self.default_of(
            &Shape::List(ScalarShape::of::<T>()),
            |literal| match literal {
                Literal::List(items) => items
                    .iter()
                    .map(|item| Value::from(*item).read::<T>())
                    .collect(),
                _ => None,
            },
        );
        let read = match self.loading.winner(&self.path) {
            Some((given, also)) => {
                let (value, shown) = self.loading.read_list(&self.path, &given, also)?;
                Some((value, shown, given.origin))
            }
            None => None,
        };
        self.finish(&ScalarShape::of::<T>(), read, default)
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one is whether it could be read, the inner the setting's own"
    )]
    pub(super) fn optional<T: Setting>(self) -> Option<Option<T>> {
        let inner = match self.shape {
            Shape::Optional(inner) => inner,
            shape => shape,
        };
        if self.loading.is_present(&self.path) {
            return T::read(Place {
                shape: inner,
                ..self
            })
            .map(Some);
        }
        if let Shape::Scalar(shape) | Shape::List(shape) = inner {
            let shape = *shape;
            self.enter(&shape, None, Origin::Default);
        }
        Some(None)
    }

    pub(super) fn map<T: Setting>(self) -> Option<BTreeMap<String, T>> {
        let inner = match self.shape {
            Shape::Map(inner) => inner,
            shape => shape,
        };
        let mut values = Some(BTreeMap::new());
        for name in self.loading.names_in(&self.path) {
            let path = [self.path.as_slice(), std::slice::from_ref(&name)].concat();
            let read = T::read(Place {
                key: self.key,
                shape: inner,
                path,
                loading: self.loading,
            });
            // Read on after a mistake, to note those of the other entries too.
            values = values.zip(read).map(|(mut values, value)| {
                values.insert(name, value);
                values
            });
        }
        values
    }

    /// Reads a nested section; generated code calls it.
    pub fn section<T: Settings>(mut self) -> Option<T> {
        if self.key.default.is_some() {
            self.note_default("a section, whose keys have their own defaults");
        }
        match self.shape.present() {
            Shape::Section(schema) => T::read(&mut Section::new(schema, self.path, self.loading)),
            _ => None,
        }
    }

    /// The default, checked on every load, also where a source overrides it.
    fn default_of<T>(
        &self,
        shape: &Shape,
        read: impl Fn(Literal) -> Option<T>,
    ) -> Option<Result<T, String>> {
        let literal = self.key.default?;
        Some(read(literal).ok_or_else(|| shape.expected()))
    }

    fn finish<T>(
        mut self,
        shape: &ScalarShape,
        read: Option<(T, Value, Origin)>,
        default: Option<Result<T, String>>,
    ) -> Option<T> {
        let default = match default {
            Some(Err(expected)) => {
                self.note_default(&expected);
                return None;
            }
            Some(Ok(value)) => Some(value),
            None => None,
        };
        if let Some((value, shown, origin)) = read {
            self.enter(shape, Some(shown), origin);
            return Some(value);
        }
        let Some(value) = default else {
            self.loading
                .note_missing(&self.path, shape, self.key.documentation);
            return None;
        };
        let shown = self.shown_default(shape);
        self.enter(shape, shown, Origin::Default);
        Some(value)
    }

    fn shown_default(&self, shape: &ScalarShape) -> Option<Value> {
        self.key
            .default
            .map(|literal| Value::from(literal).masked(shape))
    }

    fn enter(self, shape: &ScalarShape, value: Option<Value>, source: Origin) {
        let default = self.shown_default(shape);
        let path = self
            .loading
            .scope
            .table
            .iter()
            .chain(&self.path)
            .cloned()
            .collect();
        self.loading.entries.push(Entry {
            path,
            value,
            default,
            documentation: self.key.documentation,
            source,
        });
    }

    fn note_default(&mut self, expected: &str) {
        let full = self.loading.scope.full(&self.path);
        let message = format!(
            "the default of `{full}` in `{}` does not fit: expected {expected}",
            self.key.owner
        );
        let help = "this is a mistake in the program, not in its settings".to_owned();
        self.loading.mistakes.push(
            Mistake::new(MistakeKind::Definition, message)
                .key_path(full)
                .help(help),
        );
    }
}
