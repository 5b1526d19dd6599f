//! Dead letters as text, for people.

use std::fmt::Write as _;

use msf_bus::dead_letter::DeadLetter;

use super::{Done, form};
use crate::telemetry::{Timestamp, printable};

/// What there is to say where there is none.
pub(super) const NONE: &str = "no dead letters\n";
/// How many characters of an error a line of the table has.
const ERROR: usize = 60;
const HEAD: [&str; 7] = [
    "ID",
    "TYPE",
    "SUBSCRIPTION",
    "REASON",
    "ATTEMPTS",
    "SINCE",
    "ERROR",
];

/// How often it was tried since it was redriven last.
pub(super) fn attempts(letter: &DeadLetter) -> u64 {
    u64::try_from(letter.history.len()).map_or(u64::MAX, |before| before.saturating_add(1))
}

/// A line each, aligned, below a heading.
pub(crate) fn table(letters: &[DeadLetter]) -> String {
    if letters.is_empty() {
        return NONE.to_owned();
    }
    let rows: Vec<[String; 7]> = letters.iter().map(row).collect();
    let mut widths = HEAD.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut table = String::new();
    for row in std::iter::once(&HEAD.map(str::to_owned)).chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a String does not fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn row(letter: &DeadLetter) -> [String; 7] {
    let error = line(&letter.error);
    let error = match error.char_indices().nth(ERROR) {
        Some((end, _)) => format!("{}...", &error[..end]),
        None => error,
    };
    [
        letter.envelope.id.to_string(),
        line(&letter.envelope.event_type),
        line(&letter.subscription),
        letter.reason.to_string(),
        attempts(letter).to_string(),
        Timestamp::from(letter.at).to_string(),
        error,
    ]
}

/// All of each: what the table has, the failures before, the event.
pub(crate) fn of_letters(letters: &[DeadLetter]) -> String {
    let texts: Vec<_> = letters.iter().map(of_letter).collect();
    texts.join("\n")
}

fn of_letter(letter: &DeadLetter) -> String {
    let [id, event_type, subscription, reason, attempts, since, _] = row(letter);
    let lines = [
        ("id", id),
        ("type", event_type),
        ("subscription", subscription),
        ("reason", reason),
        ("attempts", attempts),
        ("since", since),
        ("redriven", letter.redriven.to_string()),
        ("error", line(&letter.error)),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name:12}  {value}");
    }
    text.push_str("\nfailures before\n");
    if letter.history.is_empty() {
        text.push_str("  none\n");
    }
    for failure in &letter.history {
        let (at, error) = (Timestamp::from(failure.at), line(&failure.error));
        let _ = writeln!(text, "  {at}  {error}");
    }
    let event = &form::whole(letter)["event"];
    // Inside of JSON an escape means the same character.
    let _ = writeln!(text, "\nevent\n{}", printable(&format!("{event:#}")));
    text
}

/// What was done, or would be.
pub(super) fn of_done(done: &Done) -> String {
    if done.letters.is_empty() && done.count == 0 {
        return NONE.to_owned();
    }
    let (word, past) = (
        if done.dry_run { "would be" } else { "was" },
        done.action.past(),
    );
    let mut text = String::new();
    for letter in &done.letters {
        let [id, event_type, subscription, ..] = row(letter);
        let _ = writeln!(text, "{id}  {event_type}  {subscription}  {word} {past}");
    }
    let letters = if done.count == 1 {
        "dead letter"
    } else {
        "dead letters"
    };
    let end = if done.dry_run {
        format!("would be {past}; nothing was done")
    } else {
        past.to_owned()
    };
    let _ = writeln!(text, "{} {letters} {end}", done.count);
    text
}

fn line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
}
