//! Finds the key that each given value is for, and says which is meant where there is none.

use std::sync::Arc;

use super::document::{Document, Item, Node};
use super::loading::{Given, Loading, Raw};
use super::mistake::{Mistake, MistakeKind};
use super::schema::{Schema, Shape};
use super::suggestion::Meant;
use super::{Origin, ValueKind};

/// How the names of a source are compared with the keys.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Names {
    /// As they are.
    Exact,
    /// Upper case, and `_` for the `-` of a name that the user chooses.
    Variable,
}

/// A value's name in a source that has no types.
pub(super) struct Named<'a> {
    /// The name as the user wrote it.
    pub(super) name: &'a str,
    /// Its parts, from the outermost section.
    pub(super) segments: Vec<&'a str>,
    pub(super) names: Names,
}

/// The section in which a path leaves the schema, and how deep that is.
struct Lost<'s> {
    depth: usize,
    section: Option<&'s Schema>,
}

// === files ===

impl Loading {
    /// Takes the values of a table; at the outermost level the tables of the apps are left to them.
    pub(super) fn take_table(
        &mut self,
        document: &Document,
        schema: &Schema,
        items: &[Item],
        path: &[String],
    ) {
        for item in items {
            if path.is_empty() && self.apps.contains(&item.name) {
                continue;
            }
            let path = [path, std::slice::from_ref(&item.name)].concat();
            if let Some(key) = schema.find(&item.name) {
                self.take_item(document, key.shape.present(), item, path);
            } else {
                let mistake = self
                    .unknown(&path, schema)
                    .at(document.origin(item.key.start));
                self.mistakes
                    .push(mistake.snippet(document.key_snippet(&item.key)));
            }
        }
    }

    fn take_item(&mut self, document: &Document, shape: &Shape, item: &Item, path: Vec<String>) {
        match (shape, &item.node) {
            (Shape::Section(schema), Node::Table(items)) => {
                self.present.insert(path.clone());
                self.take_table(document, schema, items, &path);
            }
            (Shape::Map(inner), Node::Table(items)) => {
                self.present.insert(path.clone());
                for item in items {
                    let path = [path.clone(), vec![item.name.clone()]].concat();
                    self.take_item(document, inner.present(), item, path);
                }
            }
            (Shape::Section(_) | Shape::Map(_), other) => {
                let mistake = self
                    .no_section(shape, &path, other.found())
                    .at(document.origin(item.key.start));
                self.mistakes
                    .push(mistake.snippet(document.key_snippet(&item.key)));
                self.broken.push(path);
            }
            _ => {
                let origin = document.origin(item.span.start);
                let place = Some((item.key.clone(), item.span.clone()));
                self.give(
                    path,
                    Given {
                        raw: Raw::Node(item.node.clone()),
                        origin,
                        place,
                    },
                );
            }
        }
    }

    // === variables and flags ===

    /// Takes one value by its path; `name` is how its source calls it, `spell` how that source calls another path.
    pub(super) fn take_text(
        &mut self,
        named: &Named<'_>,
        text: String,
        origin: Origin,
        spell: impl Fn(&[String]) -> String,
    ) {
        let root = Arc::clone(&self.root);
        let found = self
            .resolve(&root, &named.segments, named.names)
            .map(|(path, shape)| (path, shape.clone()));
        match found {
            Ok((path, shape @ (Shape::Section(_) | Shape::Map(_)))) => {
                let mistake = self
                    .no_section(&shape, &path, ValueKind::Text.found())
                    .at(origin);
                self.mistakes.push(mistake);
                self.broken.push(path);
            }
            Ok((path, _)) => self.give(
                path,
                Given {
                    raw: Raw::Text(text),
                    origin,
                    place: None,
                },
            ),
            Err(lost) => {
                let path: Vec<String> = named
                    .segments
                    .iter()
                    .map(|segment| (*segment).to_owned())
                    .collect();
                let meant = self.meant(lost.section, &path, lost.depth);
                let (kind, message) = match named.names {
                    Names::Exact => (
                        MistakeKind::UnknownKey,
                        format!("unknown key `{}`", named.name),
                    ),
                    Names::Variable if meant.same_letters || path.iter().any(String::is_empty) => (
                        MistakeKind::BadName,
                        format!("`{}` is not the name of a setting", named.name),
                    ),
                    Names::Variable => (
                        MistakeKind::UnknownKey,
                        format!("`{}` names no setting", named.name),
                    ),
                };
                let help = meant.help(spell);
                self.mistakes.push(
                    Mistake::new(kind, message)
                        .key_path(named.name)
                        .at(origin)
                        .help(help),
                );
            }
        }
    }

    /// The path that a name stands for, if it is a key.
    pub(super) fn path_of(&self, segments: &[&str], names: Names) -> Option<Vec<String>> {
        self.resolve(&self.root, segments, names)
            .ok()
            .map(|(path, _)| path)
    }

    fn resolve<'s>(
        &self,
        schema: &'s Schema,
        segments: &[&str],
        names: Names,
    ) -> Result<(Vec<String>, &'s Shape), Lost<'s>> {
        let mut path = Vec::new();
        let mut section = Some(schema);
        let mut shape: Option<&Shape> = None;
        for (depth, segment) in segments.iter().enumerate() {
            match (section, shape) {
                (Some(schema), _) => {
                    let key = schema.keys.iter().find(|key| match names {
                        Names::Exact => key.name == *segment,
                        Names::Variable => key.name.eq_ignore_ascii_case(segment),
                    });
                    let key = key.ok_or(Lost { depth, section })?;
                    path.push(key.name.to_owned());
                    shape = Some(key.shape.present());
                }
                (None, Some(Shape::Map(inner))) => {
                    path.push(self.chosen_name(&path, segment, names));
                    shape = Some(inner.present());
                }
                _ => {
                    return Err(Lost {
                        depth,
                        section: None,
                    });
                }
            }
            section = match shape {
                Some(Shape::Section(schema)) => Some(schema),
                _ => None,
            };
        }
        shape.map(|shape| (path, shape)).ok_or(Lost {
            depth: 0,
            section: Some(schema),
        })
    }

    /// A name that the user chooses: the one that a lower source spells so, else lower case with `-`.
    fn chosen_name(&self, map: &[String], segment: &str, names: Names) -> String {
        if names == Names::Exact {
            return segment.to_owned();
        }
        let lower = segment.to_lowercase();
        self.names_in(map)
            .into_iter()
            .find(|name| name.to_lowercase().replace('-', "_") == lower)
            .unwrap_or_else(|| lower.replace('_', "-"))
    }

    // === mistakes ===

    fn unknown(&mut self, path: &[String], section: &Schema) -> Mistake {
        let meant = self.meant(Some(section), path, path.len().saturating_sub(1));
        let full = self.scope.full(path);
        Mistake::new(MistakeKind::UnknownKey, format!("unknown key `{full}`"))
            .help(meant.help(|path| self.scope.full(path)))
            .key_path(full)
    }

    /// What a path that leaves the schema at `depth` was probably meant to be; that key is not missing as well.
    fn meant(&mut self, section: Option<&Schema>, path: &[String], depth: usize) -> Meant {
        let meant = Meant::find(&self.root, section, &self.apps, path, depth);
        self.broken.extend(meant.path.clone());
        meant
    }

    fn no_section(&self, shape: &Shape, path: &[String], found: &str) -> Mistake {
        let full = self.scope.full(path);
        Mistake::new(
            MistakeKind::WrongType,
            format!("`{full}`: expected {}, found {found}", shape.expected()),
        )
        .key_path(full)
    }
}
