//! What a name that is no key was probably meant to be.

use super::nearest::nearest;
use super::schema::Schema;

/// The best guess, and what to say without one.
pub(super) struct Meant {
    /// The key that was probably meant.
    pub(super) path: Option<Vec<String>>,
    /// Whether it has the same letters, so that only what separates the words is wrong.
    pub(super) same_letters: bool,
    app: Option<String>,
    keys: Vec<&'static str>,
}

impl Meant {
    /// The path leaves the schema at `depth`, in `section` unless a value stands there.
    pub(super) fn find(
        root: &Schema,
        section: Option<&Schema>,
        apps: &[String],
        path: &[String],
        depth: usize,
    ) -> Self {
        let guess = guess(root, section, path, depth);
        let app = path
            .first()
            .filter(|_| depth == 0)
            .and_then(|name| nearest(name, apps.iter().map(String::as_str)));
        Self {
            same_letters: guess
                .as_ref()
                .is_some_and(|to| squeeze(to) == squeeze(path)),
            path: guess,
            app: app.map(str::to_owned),
            keys: section
                .unwrap_or(root)
                .keys
                .iter()
                .map(|key| key.name)
                .collect(),
        }
    }

    /// The words of the help line; `spell` writes a path as the source calls it.
    pub(super) fn help(&self, spell: impl Fn(&[String]) -> String) -> Option<String> {
        match (&self.path, &self.app) {
            (Some(path), _) => Some(format!("did you mean `{}`?", spell(path))),
            (None, Some(app)) => Some(format!("did you mean the app `{app}`?")),
            (None, None) if self.keys.is_empty() => None,
            (None, None) => Some(format!("the keys here are `{}`", self.keys.join("`, `"))),
        }
    }
}

/// The same letters, else a near name in the same section, else the same name in one other section.
fn guess(
    root: &Schema,
    section: Option<&Schema>,
    path: &[String],
    depth: usize,
) -> Option<Vec<String>> {
    let paths = root.paths();
    if let Some(same) = paths
        .iter()
        .find(|candidate| squeeze(candidate) == squeeze(path))
    {
        return Some(same.clone());
    }
    let names = section
        .into_iter()
        .flat_map(|section| &section.keys)
        .map(|key| key.name);
    if let Some(sibling) = nearest(path.get(depth)?, names) {
        return Some([&path[..depth], &[sibling.to_owned()], &path[depth + 1..]].concat());
    }
    let mut elsewhere = paths
        .into_iter()
        .filter(|candidate| candidate.last() == path.last());
    let only = elsewhere.next()?;
    elsewhere.next().is_none().then_some(only)
}

/// The letters of a path without what separates its words.
fn squeeze(path: &[String]) -> String {
    path.concat()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
