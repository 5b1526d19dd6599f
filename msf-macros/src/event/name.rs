//! The name of a stream: segments of `[a-z0-9-]`, at least two, joined by dots.

/// The most bytes that a name may have: brokers bound the names of what is made for it.
const MOST: usize = 100;

/// What is wrong with a name, and what to write instead.
pub(super) fn check(name: &str) -> Result<(), String> {
    if name.len() > MOST {
        return Err(format!(
            "a name has {MOST} bytes at most, this one has {}: shorten it",
            name.len()
        ));
    }
    if let Some(wrong) = name.chars().find(|character| !is_valid(*character)) {
        return Err(format!(
            "a name has no {wrong:?}: its segments are of `a` to `z`, `0` to `9` and `-`, joined by dots{}",
            meant(name)
        ));
    }
    let segments: Vec<&str> = name.split('.').collect();
    if segments.len() < 2 {
        let name = if name.is_empty() {
            "order-placed"
        } else {
            name
        };
        return Err(format!(
            "a name has at least two segments, the area and what happened there: `name = \"area.{name}\"`"
        ));
    }
    if segments.contains(&"") {
        return Err(format!(
            "a segment of this name is empty: segments are joined by one dot each{}",
            meant(name)
        ));
    }
    if let Some((stream, version)) = with_version(&segments) {
        return Err(format!(
            "the version is its own attribute: `name = \"{stream}\", version = {version}`"
        ));
    }
    Ok(())
}

fn is_valid(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '-' | '.')
}

/// The name and the version, if the last segment is one.
fn with_version<'a>(segments: &[&'a str]) -> Option<(String, &'a str)> {
    let (last, stream) = segments.split_last()?;
    let version = last.strip_prefix('v')?;
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let stream = match stream {
        [one] => format!("area.{one}"),
        segments => segments.join("."),
    };
    is_number.then_some((stream, version))
}

/// "; did you mean `..`?", if what it was meant to be can be told.
fn meant(name: &str) -> String {
    let mut meant = String::new();
    let mut after_lower = false;
    for character in name.trim().chars() {
        match character {
            'A'..='Z' => {
                if after_lower {
                    meant.push('-');
                }
                meant.push(character.to_ascii_lowercase());
            }
            '_' | ' ' => meant.push('-'),
            '/' | ':' => meant.push('.'),
            _ => meant.push(character),
        }
        after_lower = matches!(character, 'a'..='z' | '0'..='9');
    }
    let segments: Vec<&str> = meant
        .split('.')
        .filter(|segment| !segment.is_empty())
        .collect();
    let meant = segments.join(".");
    // What is cleaned stays the same when it is cleaned again, so this ends.
    if meant != name && check(&meant).is_ok() {
        format!("; did you mean `{meant}`?")
    } else {
        String::new()
    }
}
