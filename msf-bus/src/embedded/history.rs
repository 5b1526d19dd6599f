//! The failures of an event, as the file has them.

use serde::{Deserialize, Serialize};

use crate::dead_letter::Failure;
use crate::millis;

/// How many failures of one event are kept: the last.
const KEPT: usize = 100;
/// How many characters of an error are kept: the first.
const LENGTH: usize = 2000;

#[derive(Serialize, Deserialize)]
struct Entry {
    /// Milliseconds since 1970.
    at: i64,
    error: String,
}

/// The history with one failure more.
pub(super) fn add(history: Option<&str>, at: i64, error: &str) -> String {
    let mut entries = parse(history);
    entries.push(Entry {
        at,
        error: cut(error).to_owned(),
    });
    entries.drain(..entries.len().saturating_sub(KEPT));
    // Numbers and texts can always be written.
    serde_json::to_string(&entries).unwrap_or_default()
}

/// The failures in it, oldest first.
pub(super) fn failures(history: Option<&str>) -> Vec<Failure> {
    parse(history)
        .into_iter()
        .map(|entry| Failure::new(millis::time(entry.at), entry.error))
        .collect()
}

/// As much of an error as is kept.
pub(super) fn cut(error: &str) -> &str {
    match error.char_indices().nth(LENGTH) {
        Some((end, _)) => &error[..end],
        None => error,
    }
}

// What is no history, because somebody wrote into the file, is not worth an event that cannot go on.
fn parse(history: Option<&str>) -> Vec<Entry> {
    history
        .and_then(|history| serde_json::from_str(history).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_are_kept_with_what_fits_of_their_errors() {
        let mut history = None;
        for at in 0..130 {
            history = Some(add(history.as_deref(), at, "no \u{0} route"));
        }
        let history = add(history.as_deref(), 130, &"ü".repeat(2001));
        let failures = failures(Some(&history));
        assert_eq!(failures.len(), 100);
        assert_eq!(
            failures[0],
            Failure::new(millis::time(31), "no \u{0} route")
        );
        assert_eq!(failures[99].error, "ü".repeat(2000));
    }
}
