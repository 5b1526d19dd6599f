//! The schemas of all types of a document, each under a name of its own.
//!
//! What a program reads and what it writes may differ for one type (a field with a default may be left out of a body and is
//! always in an answer), and two types may have one name. Schemas are collected under names that cannot meet, and get
//! those that everybody sees at the end, when all are known.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::bounds::bound_integers;
use super::operation::TypeOf;

/// Where components are in the document.
const COMPONENTS: &str = "#/components/schemas/";

/// Whether a program reads or writes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// First, for the plain names are those of answers.
    Written,
    Read,
}

/// The schemas that were asked for so far, and all that they refer to.
#[derive(Debug)]
pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
    /// The types that operations name, by side and the name that the generator gave.
    known: BTreeMap<Key, Known>,
}

/// One schema, before it has its name.
type Key = (Side, String);

#[derive(Debug)]
struct Known {
    /// The path of the type in the program.
    id: String,
    name: String,
}

impl Side {
    const fn references(self) -> &'static str {
        match self {
            Self::Read => "#/read/",
            Self::Written => "#/written/",
        }
    }
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings("/read").for_deserialize().into_generator(),
            written: settings("/written").for_serialize().into_generator(),
            known: BTreeMap::new(),
        }
    }

    /// The schema of a type, or a reference to it that [`finish`](Self::finish) makes good.
    pub(super) fn of(&mut self, side: Side, of: &TypeOf) -> Value {
        let schema = (of.schema)(self.generator(side)).to_value();
        if let Some((_, name)) = schema["$ref"].as_str().and_then(key) {
            let known = Known {
                id: (of.id)().into_owned(),
                name: (of.name)().into_owned(),
            };
            self.known.insert((side, name), known);
        }
        schema
    }

    /// The schema of a type itself, as a query is read: its properties are wanted, not a name.
    pub(super) fn whole(&mut self, of: &TypeOf) -> Value {
        (of.whole)(&mut self.read).to_value()
    }

    /// Names all schemas, writes the names into `document`, and returns the components.
    pub(super) fn finish(mut self, document: &mut Value) -> Map<String, Value> {
        let mut schemas = BTreeMap::new();
        for side in [Side::Written, Side::Read] {
            let definitions = self.generator(side).take_definitions(true);
            schemas.extend(
                definitions
                    .into_iter()
                    .map(|(name, schema)| ((side, name), schema)),
            );
        }
        let names = names(&schemas, &self.wanted(schemas.keys()));
        let mut components = Map::new();
        for (key, mut schema) in schemas {
            rewrite(&mut schema, &names);
            bound_integers(&mut schema);
            components.insert(names[&key].clone(), schema);
        }
        rewrite(document, &names);
        bound_integers(document);
        components
    }

    fn generator(&mut self, side: Side) -> &mut SchemaGenerator {
        match side {
            Side::Read => &mut self.read,
            Side::Written => &mut self.written,
        }
    }

    /// The name that each schema should have: of types of one name, that of their modules too.
    fn wanted<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> BTreeMap<Key, String> {
        let mut twins: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for Known { id, name } in self.known.values() {
            twins.entry(name).or_default().insert(id);
        }
        let wanted = |key: &Key| {
            let name = match self.known.get(key) {
                Some(known) => match &twins[&*known.name] {
                    ids if ids.len() > 1 => told_apart(known, ids),
                    _ => known.name.clone(),
                },
                None => key.1.clone(),
            };
            (key.clone(), component_name(&name))
        };
        keys.map(wanted).collect()
    }
}

/// The name with as many modules before it as tell it from its twins.
fn told_apart(known: &Known, twins: &BTreeSet<&str>) -> String {
    let modules = |id: &str| -> Vec<String> {
        let path = id.split('<').next().unwrap_or_default();
        let mut modules: Vec<_> = path.split("::").map(pascal).collect();
        modules.pop();
        modules
    };
    let own = modules(&known.id);
    for count in 1..=own.len() {
        let last = |all: &[String]| all[all.len().saturating_sub(count)..].concat();
        let prefix = last(&own);
        let same = twins.iter().filter(|id| last(&modules(id)) == prefix);
        if same.count() == 1 {
            return prefix + &known.name;
        }
    }
    known.name.clone()
}

/// `refresh_token` is `RefreshToken`.
fn pascal(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    word.split('_').map(capital).collect()
}

/// What the specification lets a component be called.
fn component_name(name: &str) -> String {
    let allowed = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => letter,
        _ => '_',
    };
    name.chars().map(allowed).collect()
}

/// The name of each schema: the wanted one, if no other has it. A type that is read as it is written has one.
fn names(schemas: &BTreeMap<Key, Value>, wanted: &BTreeMap<Key, String>) -> BTreeMap<Key, String> {
    let mut names: BTreeMap<Key, String> = BTreeMap::new();
    let mut taken: BTreeMap<String, Key> = BTreeMap::new();
    let (written, read): (Vec<_>, Vec<_>) = wanted
        .iter()
        .partition(|((side, _), _)| *side == Side::Written);
    for (key, name) in written {
        let name = free(name, &taken);
        taken.insert(name.clone(), key.clone());
        names.insert(key.clone(), name);
    }
    let mut shared: BTreeMap<Key, String> = read
        .iter()
        .filter(|(_, name)| taken.contains_key(*name))
        .map(|(key, name)| ((*key).clone(), (*name).clone()))
        .collect();
    // Two schemas that look alike differ where those differ that they refer to.
    loop {
        let known: BTreeMap<_, _> = names.clone().into_iter().chain(shared.clone()).collect();
        let same = |key: &Key, name: &String| {
            let (mut read, mut written) = (schemas[key].clone(), schemas[&taken[name]].clone());
            rewrite(&mut read, &known);
            rewrite(&mut written, &known);
            read == written
        };
        let before = shared.len();
        shared.retain(|key, name| same(key, name));
        if shared.len() == before {
            break;
        }
    }
    for (key, name) in read {
        if shared.contains_key(key) {
            continue;
        }
        let name = if taken.contains_key(name) {
            free(&format!("{name}Input"), &taken)
        } else {
            name.clone()
        };
        taken.insert(name.clone(), key.clone());
        names.insert(key.clone(), name);
    }
    names.extend(shared);
    names
}

/// The name, with the first number behind it that makes it free.
fn free(name: &str, taken: &BTreeMap<String, Key>) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains_key(name))
        .unwrap_or_default()
}

/// Which schema a reference means.
fn key(reference: &str) -> Option<Key> {
    let sides = [Side::Read, Side::Written];
    let found = sides.into_iter().find_map(|side| {
        let name = reference.strip_prefix(side.references())?;
        Some((side, name))
    });
    // schemars writes what may not be in a URL with percent signs, after the escapes of JSON pointers.
    let (side, name) = found?;
    let name = percent_decoded(name).replace("~1", "/").replace("~0", "~");
    Some((side, name))
}

fn percent_decoded(text: &str) -> String {
    // What means something in a form stands for itself here.
    let text = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let pairs = form_urlencoded::parse(text.as_bytes());
    pairs.map(|(name, _)| name.into_owned()).collect()
}

/// Puts names in the place of references.
fn rewrite(value: &mut Value, names: &BTreeMap<Key, String>) {
    match value {
        Value::Object(members) => {
            let name = members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(key)
                .and_then(|key| names.get(&key));
            if let Some(name) = name {
                members.insert("$ref".to_owned(), json!(format!("{COMPONENTS}{name}")));
            }
            members.values_mut().for_each(|value| rewrite(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| rewrite(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::openapi::operation::TypeOf;

    mod login {
        #[derive(super::JsonSchema)]
        pub(super) struct Body {
            #[expect(dead_code, reason = "its schema is what counts")]
            email: String,
        }
    }

    mod new_user {
        #[derive(super::JsonSchema)]
        pub(super) struct Body {
            #[expect(dead_code, reason = "its schema is what counts")]
            name: String,
        }
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Same {
        id: u8,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Differs {
        #[serde(default)]
        count: u32,
        same: Same,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Outer {
        differs: Differs,
    }

    fn components(types: &[(Side, TypeOf)]) -> (Value, Map<String, Value>) {
        let mut schemas = Schemas::new();
        let used = types.iter().map(|(side, of)| schemas.of(*side, of));
        let mut document = used.collect::<Value>();
        let components = schemas.finish(&mut document);
        (document, components)
    }

    fn keys(components: &Map<String, Value>) -> Vec<&str> {
        let mut keys: Vec<_> = components.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn types_of_one_name_are_told_apart_by_their_modules_in_any_order() {
        let (login, user) = (TypeOf::of::<login::Body>(), TypeOf::of::<new_user::Body>());
        for types in [[login, user], [user, login]] {
            let (document, components) = components(&types.map(|of| (Side::Read, of)));
            assert_eq!(keys(&components), ["LoginBody", "NewUserBody"]);
            let of_login = usize::from((types[0].id)() != (login.id)());
            let reference = "#/components/schemas/LoginBody";
            assert_eq!(document[of_login]["$ref"], reference);
            assert!(components["LoginBody"]["properties"]["email"].is_object());
            assert!(components["NewUserBody"]["properties"]["name"].is_object());
        }
        let (_, alone) = components(&[(Side::Read, login)]);
        assert_eq!(keys(&alone), ["Body"]);
    }

    #[test]
    fn what_is_read_as_it_is_written_has_one_schema() {
        let outer = TypeOf::of::<Outer>();
        let (document, components) = components(&[(Side::Read, outer), (Side::Written, outer)]);
        let names = ["Differs", "DiffersInput", "Outer", "OuterInput", "Same"];
        assert_eq!(keys(&components), names);
        assert_eq!(document[0]["$ref"], "#/components/schemas/OuterInput");
        assert_eq!(document[1]["$ref"], "#/components/schemas/Outer");
        let inner = &components["OuterInput"]["properties"]["differs"]["$ref"];
        assert_eq!(inner, "#/components/schemas/DiffersInput");
        let shared = &components["DiffersInput"]["properties"]["same"]["$ref"];
        assert_eq!(shared, "#/components/schemas/Same");
        assert_eq!(components["DiffersInput"]["required"], json!(["same"]));
        assert_eq!(components["Differs"]["required"], json!(["count", "same"]));
    }

    #[test]
    fn a_name_is_one_that_the_specification_allows() {
        assert_eq!(component_name("Page<Größe>"), "Page_Gr__e_");
        let key = |reference| super::key(reference).unwrap().1;
        assert_eq!(key("#/read/a~1b%20c+d"), "a/b c+d");
    }
}
