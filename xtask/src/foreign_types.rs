//! Which types of other crates our public API names: a breaking release of theirs is one of ours.
//!
//! The list is a page of the book, so that a new name in it is seen in a review. Bodies and private items do not count, and neither do
//! the signatures of a trait's methods where the trait is implemented: the trait itself is on the list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::{Outcome, metadata, rustdoc_json};

const PAGE: &str = "book/src/reference/foreign-types.md";
const BEGIN: &str = "<!-- written by cargo xtask foreign-types --update -->\n";

/// For each foreign crate its types, each with one item that names it.
type Found = BTreeMap<String, BTreeMap<String, String>>;

/// What the public API of one crate takes from others.
#[derive(Debug, Default, PartialEq, Eq)]
struct Foreign {
    types: Found,
    /// What is re-exported, under its name here.
    reexports: BTreeSet<(String, String)>,
}

pub(crate) fn check(root: &Path, update: bool) -> Outcome {
    let packages = metadata::packages(root)?;
    let documented = rustdoc_json::of_published(root, &packages)?;
    let found: BTreeMap<_, _> = documented
        .iter()
        .map(|(name, json)| (name.as_str(), foreign(json)))
        .collect();
    let file = root.join(PAGE);
    let page = std::fs::read_to_string(&file).map_err(|error| vec![format!("{PAGE}: {error}")])?;
    let Some((head, old)) = page.split_once(BEGIN) else {
        return Err(vec![format!("{PAGE}: no line `{}`", BEGIN.trim())]);
    };
    let new = tables(&found, &packages);
    let names: usize = found
        .values()
        .flat_map(|foreign| foreign.types.values())
        .map(BTreeMap::len)
        .sum();
    let summary = format!(
        "{PAGE}: {names} types of other crates in {} crates",
        found.len()
    );
    if old == new {
        return Ok(summary);
    }
    if update {
        std::fs::write(&file, format!("{head}{BEGIN}{new}"))
            .map_err(|error| vec![format!("{PAGE}: {error}")])?;
        return Ok(summary);
    }
    Err(differences(old, &new, &found))
}

/// Walks the documented items of a crate.
fn foreign(json: &Value) -> Foreign {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let index = members(&json["index"]);
    let mut found = Foreign::default();
    let names = Names::new(json);
    let mut parents = BTreeMap::new();
    let mut left_out = BTreeSet::new();
    for (id, item) in &index {
        let children = ["struct", "enum", "trait", "impl"]
            .into_iter()
            .flat_map(|kind| children(&item["inner"][kind]));
        let implementation = &item["inner"]["impl"];
        let whole = !implementation.is_null() && !is_written(implementation, &names);
        if whole {
            left_out.insert(id.clone());
        }
        for child in children {
            let method = !index
                .get(&child)
                .is_none_or(|item| item["inner"]["function"].is_null());
            if whole || (method && !implementation["trait"].is_null()) {
                left_out.insert(child.clone());
            }
            parents.insert(child, id.clone());
        }
    }
    for (id, item) in &index {
        if item["crate_id"] != 0 || left_out.contains(id) {
            continue;
        }
        let inner = &item["inner"];
        if let Some(used) = inner.get("use") {
            if let Some((krate, path)) = names.foreign(&used["id"]) {
                let name = used["name"].as_str().unwrap_or_default();
                found.reexports.insert((krate, or_crate(path, name)));
            }
            continue;
        }
        if !inner["module"].is_null() {
            continue;
        }
        let at = place(&index, &parents, id);
        let mut seen = |id: &Value| {
            if let Some((krate, path)) = names.foreign(id) {
                let first = found.types.entry(krate).or_default().entry(path);
                let first = first.or_insert_with(|| at.clone());
                if at < *first {
                    first.clone_from(&at);
                }
            }
        };
        match inner.get("impl") {
            Some(written) => ["generics", "trait", "for"]
                .iter()
                .for_each(|part| walk(&written[part], &mut seen)),
            None => walk(inner, &mut seen),
        }
    }
    found
}

/// Not made up by the compiler (blanket and auto traits), and for a type that a user can name.
///
/// `Unpin` is not of interest: the conditions that pin-project-lite puts on it are its own affair.
fn is_written(implementation: &Value, names: &Names<'_>) -> bool {
    let target = &implementation["for"]["resolved_path"]["id"];
    implementation["is_synthetic"] == false
        && implementation["blanket_impl"].is_null()
        && implementation["trait"]["path"] != "Unpin"
        && (target.is_null() || names.paths.get(target.to_string()).is_some())
}

/// Calls `seen` with the id of every type and trait below `value`.
fn walk(value: &Value, seen: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(members) => {
            if ["path", "id", "args"]
                .iter()
                .all(|key| members.contains_key(*key))
            {
                seen(&members["id"]);
            }
            members.values().for_each(|value| walk(value, seen));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, seen)),
        _ => {}
    }
}

/// The ids below an item: fields, variants, methods.
fn children(inner: &Value) -> Vec<String> {
    let mut ids = Vec::new();
    for key in ["items", "variants"] {
        ids.extend(inner[key].as_array().into_iter().flatten());
    }
    ids.extend(
        inner["kind"]["plain"]["fields"]
            .as_array()
            .into_iter()
            .flatten(),
    );
    ids.extend(inner["kind"]["tuple"].as_array().into_iter().flatten());
    ids.into_iter().map(Value::to_string).collect()
}

/// `Type::method`, for whoever looks for the place.
fn place(
    index: &serde_json::Map<String, Value>,
    parents: &BTreeMap<String, String>,
    id: &str,
) -> String {
    let Some(item) = index.get(id) else {
        return String::new();
    };
    let target = &item["inner"]["impl"];
    let own = if target.is_null() {
        item["name"].as_str().unwrap_or_default().to_owned()
    } else {
        let of = &target["for"];
        let of = of["resolved_path"]["path"]
            .as_str()
            .or(of["generic"].as_str());
        of.unwrap_or("an impl").to_owned()
    };
    match parents.get(id) {
        Some(parent) => format!("{}::{own}", place(index, parents, parent)),
        None => own,
    }
}

/// What an id stands for.
struct Names<'a> {
    paths: &'a Value,
    crates: &'a Value,
}

impl<'a> Names<'a> {
    fn new(json: &'a Value) -> Self {
        Self {
            paths: &json["paths"],
            crates: &json["external_crates"],
        }
    }

    /// The crate of a foreign item and its path in it; none for our own and for those of the standard library.
    fn foreign(&self, id: &Value) -> Option<(String, String)> {
        let entry = self.paths.get(id.to_string())?;
        let krate = self.crates[entry["crate_id"].to_string()]["name"].as_str()?;
        let standard = ["std", "core", "alloc", "proc_macro"].contains(&krate);
        if standard || krate.starts_with("msf_") {
            return None;
        }
        let path: Vec<_> = entry["path"].as_array()?.iter().skip(1).collect();
        let path: Vec<_> = path.into_iter().filter_map(Value::as_str).collect();
        Some((krate.to_owned(), path.join("::")))
    }
}

/// The path; of a whole crate, the name under which it is re-exported.
fn or_crate(path: String, name: &str) -> String {
    if path.is_empty() {
        format!("the crate, as `{name}`")
    } else {
        format!("`{path}`")
    }
}

fn tables(found: &BTreeMap<&str, Foreign>, packages: &[Value]) -> String {
    let mut text = String::new();
    for (name, foreign) in found {
        // Writing to a String does not fail.
        let _ = writeln!(text, "\n## {name}\n");
        if foreign.types.is_empty() && foreign.reexports.is_empty() {
            text.push_str("None.\n");
            continue;
        }
        text.push_str("| crate | release | types |\n| --- | --- | --- |\n");
        for (krate, types) in &foreign.types {
            let types: Vec<_> = types.keys().map(|path| format!("`{path}`")).collect();
            let release = release(packages, krate);
            let _ = writeln!(text, "| {krate} | {release} | {} |", types.join(", "));
        }
        let mut shown = BTreeMap::<_, Vec<&str>>::new();
        for (krate, what) in &foreign.reexports {
            shown.entry(krate).or_default().push(what);
        }
        if !shown.is_empty() {
            let shown: Vec<_> = shown
                .into_iter()
                .map(|(krate, what)| {
                    format!("{krate} {} ({})", release(packages, krate), what.join(", "))
                })
                .collect();
            let _ = writeln!(text, "\nRe-exported: {}.", shown.join("; "));
        }
    }
    text
}

/// What may not change without breaking: `1` of 1.2.3, `0.8` of 0.8.9.
fn release(packages: &[Value], krate: &str) -> String {
    let releases: BTreeSet<String> = packages
        .iter()
        .filter(|package| metadata::text(package, "name").replace('-', "_") == krate)
        .map(|package| {
            let mut parts = metadata::text(package, "version").split('.');
            match (parts.next(), parts.next()) {
                (Some("0"), Some(minor)) => format!("0.{minor}"),
                (major, _) => major.unwrap_or_default().to_owned(),
            }
        })
        .collect();
    releases.into_iter().collect::<Vec<_>>().join(" or ")
}

/// One line for each table row that is not as it was, with the place where a new type is named.
fn differences(old: &str, new: &str, found: &BTreeMap<&str, Foreign>) -> Vec<String> {
    let rows = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    let (before, now) = (rows(old), rows(new));
    let mut mistakes = Vec::new();
    for (name, foreign) in found {
        for (krate, types) in &foreign.types {
            for (path, at) in types {
                let known = section(old, name).lines().any(|row| {
                    row.starts_with(&format!("| {krate} |")) && row.contains(&format!("`{path}`"))
                });
                if !known {
                    mistakes.push(format!(
                        "{name}: `{at}` brings {krate}::{path} into the public API; keep it out, or list it: \
                         cargo xtask foreign-types --update"
                    ));
                }
            }
        }
    }
    if mistakes.is_empty() {
        let gone = before.difference(&now).map(|row| format!("- {row}"));
        let came = now.difference(&before).map(|row| format!("+ {row}"));
        mistakes.extend(gone.chain(came));
        mistakes.push(format!(
            "{PAGE} is stale: cargo xtask foreign-types --update"
        ));
    }
    mistakes
}

/// The part of the page about one crate.
fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let page = page
        .split_once(&format!("## {name}\n"))
        .map_or("", |(_, rest)| rest);
    page.split_once("\n## ")
        .map_or(page, |(section, _)| section)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{differences, foreign, release, tables};

    fn named(path: &str, id: u32) -> Value {
        json!({"resolved_path": {"path": path, "id": id, "args": null}})
    }

    /// A crate with one function, one derived implementation, one blanket implementation and one re-export.
    fn documented() -> Value {
        let method = |id: u32, output: Value| json!({"id": id, "crate_id": 0, "name": "method", "inner": {"function": {"sig": {"output": output}}}});
        let implementation = |blanket: Value, methods: &[u32]| {
            let of = json!({"path": "Serialize", "id": 20, "args": null});
            json!({"crate_id": 0, "name": null, "inner": {"impl": {
                "trait": of, "for": named("Own", 1), "generics": {}, "items": methods, "is_synthetic": false, "blanket_impl": blanket}}})
        };
        json!({
            "index": {
                "2": method(2, named("Map", 21)),
                "3": implementation(json!(null), &[4]),
                "4": method(4, named("Unseen", 22)),
                "5": implementation(json!({"generic": "T"}), &[6]),
                "6": method(6, named("Unseen", 22)),
                "7": {"crate_id": 0, "name": null, "inner": {"use": {"source": "tonic", "name": "tonic", "id": 23}}},
                "8": method(8, named("Vec", 24)),
                "9": method(9, named("Own", 1)),
            },
            "paths": {
                "1": {"crate_id": 0, "path": ["own", "Own"]},
                "20": {"crate_id": 1, "path": ["serde", "ser", "Serialize"]},
                "21": {"crate_id": 2, "path": ["http", "Map"]},
                "22": {"crate_id": 2, "path": ["http", "Unseen"]},
                "23": {"crate_id": 3, "path": ["tonic"]},
                "24": {"crate_id": 4, "path": ["alloc", "Vec"]},
            },
            "external_crates": {"1": {"name": "serde"}, "2": {"name": "http"}, "3": {"name": "tonic"}, "4": {"name": "alloc"}},
        })
    }

    #[test]
    fn what_users_can_name_is_found_and_nothing_else() {
        let found = foreign(&documented());
        let shown: Vec<String> = found
            .types
            .iter()
            .flat_map(|(krate, types)| types.keys().map(move |path| format!("{krate}::{path}")))
            .collect();
        assert_eq!(shown, ["http::Map", "serde::ser::Serialize"]);
        let tonic = ("tonic".to_owned(), "the crate, as `tonic`".to_owned());
        assert_eq!(found.reexports.into_iter().collect::<Vec<_>>(), [tonic]);
    }

    #[test]
    fn a_new_type_is_told_with_its_place() {
        let found = std::collections::BTreeMap::from([("own", foreign(&documented()))]);
        let page = tables(&found, &[]);
        let old = page.replace("`Map`", "`Other`");
        let told = differences(&old, &page, &found);
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("own: `method` brings http::Map into the public API"),
            "{told:?}"
        );
    }

    #[test]
    fn a_release_is_what_breaks() {
        let package = |version| json!({"name": "axum-core", "version": version});
        assert_eq!(release(&[package("0.5.6")], "axum_core"), "0.5");
        assert_eq!(
            release(&[package("1.5.6"), package("1.6.0")], "axum_core"),
            "1"
        );
    }
}
