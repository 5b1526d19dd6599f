//! The load: takes every source, lowest first, then reads the struct.

use std::sync::Arc;

use super::document::Node;
use super::effective::Effective;
use super::loading::{Loading, variable_prefix};
use super::matching::{Named, Names};
use super::mistake::{Mistake, MistakeKind, Mistakes};
use super::place::Section;
use super::sources::Flag;
use super::{Origin, Schema, Settings, Sources};

/// What a load gives: the settings, and what is known of each.
#[derive(Debug)]
pub struct Loaded<C> {
    /// The settings.
    pub value: C,
    /// Every key with its value, default and source; secrets are masked.
    pub effective: Effective,
}

impl Sources {
    /// Reads all settings of a struct, or of a pair of structs at one level.
    ///
    /// # Errors
    ///
    /// All mistakes at once, of every source and key. A program ends with [`EXIT_CODE`](super::EXIT_CODE) then.
    pub fn load<C: Settings>(&self) -> Result<Loaded<C>, Mistakes> {
        let schema = Arc::new(C::schema());
        let mut loading = Loading::new(self.scope(), Arc::clone(&schema), self.apps.clone());
        for conflict in &schema.conflicts {
            let full = loading.scope.full(&conflict.path);
            let [first, second] = conflict.owners;
            let mistake = Mistake::new(
                MistakeKind::Definition,
                format!("both `{first}` and `{second}` define the key `{full}`"),
            );
            let help =
                "rename one of the fields; this is a mistake in the program, not in its settings"
                    .to_owned();
            loading.mistakes.push(mistake.key_path(full).help(help));
        }
        if !loading.mistakes.is_empty() {
            // Each value would be read as two types.
            return Err(Mistakes::new(&self.program, loading.mistakes));
        }
        loading.mistakes.extend(self.mistakes.iter().cloned());
        self.take_file(&mut loading, &schema);
        self.take_dotenv(&mut loading);
        for (name, value) in &self.variables {
            self.take_variable(
                &mut loading,
                name,
                value.clone(),
                Origin::Variable(name.clone()),
            );
        }
        self.take_flags(&mut loading);
        let value = C::read(&mut Section::new(&schema, Vec::new(), &mut loading));
        match value {
            Some(value) if loading.mistakes.is_empty() => Ok(Loaded {
                value,
                effective: Effective {
                    entries: loading.entries,
                },
            }),
            _ => Err(Mistakes::new(&self.program, loading.mistakes)),
        }
    }

    fn take_file(&self, loading: &mut Loading, schema: &Schema) {
        let document = match &self.file {
            None => return,
            Some((_, Ok(document))) => document,
            Some((_, Err(mistakes))) => {
                loading.mistakes.extend(mistakes.iter().cloned());
                loading.source_lost = true;
                return;
            }
        };
        loading.document = Some(document.clone());
        let Some(table) = &self.table else {
            loading.take_table(document, schema, &document.items, &[]);
            return;
        };
        let Some(item) = document.items.iter().find(|item| item.name == *table) else {
            return;
        };
        match &item.node {
            Node::Table(items) => loading.take_table(document, schema, items, &[]),
            other => {
                let message = format!(
                    "`{table}`: expected the settings of the app, found {}",
                    other.found()
                );
                let mistake =
                    Mistake::new(MistakeKind::WrongType, message).key_path(table.as_str());
                let mistake = mistake
                    .at(document.origin(item.key.start))
                    .snippet(document.key_snippet(&item.key));
                loading.mistakes.push(mistake);
                loading.source_lost = true;
            }
        }
    }

    fn take_dotenv(&self, loading: &mut Loading) {
        loading
            .mistakes
            .extend(self.dotenv.mistakes.iter().cloned());
        loading.source_lost |= !self.dotenv.mistakes.is_empty();
        let origin = |line: usize, variable: &str| Origin::Dotenv {
            path: self.dotenv.path.clone(),
            line,
            variable: variable.to_owned(),
        };
        let prefix = variable_prefix(&self.name);
        for (index, line) in self.dotenv.assignments.iter().enumerate() {
            let earlier = self.dotenv.assignments[..index]
                .iter()
                .find(|earlier| earlier.variable == line.variable);
            if let Some(earlier) = earlier.filter(|_| line.variable.starts_with(&prefix)) {
                let message = format!(
                    "`{}` is set twice in {}",
                    line.variable,
                    self.dotenv.path.display()
                );
                let mut mistake = Mistake::new(MistakeKind::DuplicateKey, message)
                    .key_path(line.variable.as_str());
                mistake.also.push(origin(earlier.line, ""));
                loading.mistakes.push(mistake.at(origin(line.line, "")));
                continue;
            }
            self.take_variable(
                loading,
                &line.variable,
                Some(line.value.clone()),
                origin(line.line, &line.variable),
            );
        }
    }

    fn take_variable(
        &self,
        loading: &mut Loading,
        name: &str,
        value: Option<String>,
        origin: Origin,
    ) {
        let prefix = variable_prefix(&self.name);
        let upper = name.to_uppercase();
        let Some(rest) = upper.strip_prefix(&prefix) else {
            return;
        };
        let segments: Vec<&str> = rest.split("__").collect();
        let bad = |message: String| {
            Mistake::new(MistakeKind::BadName, message)
                .key_path(name)
                .at(origin.clone())
        };
        if upper != name {
            let mistake = bad(format!(
                "`{name}` is not the name of a setting: variables are upper case"
            ));
            loading
                .mistakes
                .push(mistake.help(format!("did you mean `{upper}`?")));
            loading
                .broken
                .extend(loading.path_of(&segments, Names::Variable));
            return;
        }
        let app = self
            .apps
            .iter()
            .find(|app| segments.len() > 1 && variable_prefix(app) == format!("{}__", segments[0]));
        if app.is_some() {
            let mistake = bad(format!(
                "`{name}` is not the name of a setting: the variables of an app begin with its own name"
            ));
            loading
                .mistakes
                .push(mistake.help(format!("did you mean `{}`?", segments.join("__"))));
            return;
        }
        let Some(value) = value else {
            let message = format!("the value of `{name}` is not UTF-8 text");
            loading.mistakes.push(
                Mistake::new(MistakeKind::WrongType, message)
                    .key_path(name)
                    .at(origin),
            );
            loading
                .broken
                .extend(loading.path_of(&segments, Names::Variable));
            return;
        };
        let scope = loading.scope.clone();
        let named = Named {
            name,
            segments,
            names: Names::Variable,
        };
        loading.take_text(&named, value, origin, |path| scope.variable(path));
    }

    fn take_flags(&self, loading: &mut Loading) {
        for Flag {
            key,
            value,
            name: flag,
        } in &self.flags
        {
            let mut segments: Vec<&str> = key.split('.').collect();
            match &self.table {
                Some(table) if segments.first() == Some(&table.as_str()) => {
                    segments.remove(0);
                }
                Some(_) => continue,
                None if self
                    .apps
                    .iter()
                    .any(|app| segments.len() > 1 && segments[0] == app) =>
                {
                    continue;
                }
                None => {}
            }
            let scope = loading.scope.clone();
            let named = Named {
                name: key,
                segments,
                names: Names::Exact,
            };
            loading.take_text(&named, value.clone(), Origin::Flag(flag.clone()), |path| {
                scope.full(path)
            });
        }
    }
}
