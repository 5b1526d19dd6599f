//! The line of a file that a mistake points at, without what may be secret.

use std::ops::Range;

/// One shown line with the part that is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    pub(super) line: usize,
    pub(super) text: String,
    /// Where the mark begins, in characters of `text`.
    pub(super) start: usize,
    /// How many characters are marked, at least one.
    pub(super) width: usize,
}

impl Snippet {
    /// Shows `shown` of the text and marks `marked`, which lies in it; everything else on the line becomes `…`.
    pub(super) fn new(text: &str, shown: Range<usize>, marked: Range<usize>) -> Self {
        let line_start = text[..marked.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let line_end = text[marked.start..]
            .find('\n')
            .map_or(text.len(), |newline| marked.start + newline);
        let shown = shown.start.max(line_start)..shown.end.min(line_end);
        let marked = marked.start..marked.end.min(shown.end).max(marked.start);
        let before = text[line_start..shown.start].trim();
        let after = text[shown.end..line_end].trim();
        let prefix = if before.is_empty() { "" } else { "… " };
        let suffix = if after.is_empty() || after.starts_with('#') {
            ""
        } else {
            " …"
        };
        let visible = text[shown.clone()].trim_end();
        Self {
            line: text[..marked.start].matches('\n').count() + 1,
            text: format!("{prefix}{visible}{suffix}").replace('\t', " "),
            start: prefix.chars().count() + text[shown.start..marked.start].chars().count(),
            width: text[marked].trim_end().chars().count().max(1),
        }
    }
}

/// Line and column of a byte, both from 1, the column in characters.
pub(super) fn position(text: &str, byte: usize) -> (usize, usize) {
    let byte = text.floor_char_boundary_at(byte);
    let line_start = text[..byte].rfind('\n').map_or(0, |newline| newline + 1);
    (
        text[..byte].matches('\n').count() + 1,
        text[line_start..byte].chars().count() + 1,
    )
}

/// `str::floor_char_boundary` is newer than our oldest compiler.
trait FloorCharBoundary {
    fn floor_char_boundary_at(&self, byte: usize) -> usize;
}

impl FloorCharBoundary for str {
    fn floor_char_boundary_at(&self, byte: usize) -> usize {
        let byte = byte.min(self.len());
        (0..=byte)
            .rev()
            .find(|byte| self.is_char_boundary(*byte))
            .unwrap_or(0)
    }
}
