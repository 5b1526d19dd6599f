//! Keeps every value on its line, whatever is in it.

use std::fmt::{self, Write};

/// The most that is kept of one value, in bytes. The next byte of it is not looked at.
pub(super) const MAX_VALUE: usize = 8 * 1024;

/// Writes into a line, escaping what would end the line, end a JSON string or control a terminal.
///
/// The escapes are JSON's, on terminals too, so that a line means one thing only.
pub(super) struct Escaped<'a> {
    line: &'a mut String,
    left: usize,
}

impl<'a> Escaped<'a> {
    pub(super) fn new(line: &'a mut String) -> Self {
        Self {
            line,
            left: MAX_VALUE,
        }
    }
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // An error ends the Debug of a huge value early, instead of formatting all of it for nothing.
        if self.left == 0 {
            return Err(fmt::Error);
        }
        let cut = text.len() > self.left;
        let mut end = self.left.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        self.left -= text.len();
        if !cut && text.bytes().all(is_plain_ascii) {
            self.line.push_str(text);
            return Ok(());
        }
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            if is_plain(character) {
                continue;
            }
            self.line.push_str(&text[plain..at]);
            plain = at + character.len_utf8();
            match character {
                '"' => self.line.push_str("\\\""),
                '\\' => self.line.push_str("\\\\"),
                '\n' => self.line.push_str("\\n"),
                '\r' => self.line.push_str("\\r"),
                '\t' => self.line.push_str("\\t"),
                // All of them lie in the basic plane, so one unit of UTF-16 is enough.
                other => write!(self.line, "\\u{:04x}", u32::from(other))?,
            }
        }
        self.line.push_str(&text[plain..]);
        if cut {
            self.left = 0;
            self.line.push_str("...");
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// `text` with what controls a terminal, or hides in it, escaped as JSON does. New lines stay, and so do quotes.
#[cfg(feature = "bus")]
pub(crate) fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, character| {
        if is_plain(character) || matches!(character, '"' | '\\' | '\n') {
            safe.push(character);
        } else {
            // Writing to a String does not fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        }
        safe
    })
}

/// What most values consist of; decided without decoding them.
fn is_plain_ascii(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Not plain: quotes and backslashes, control characters, the separators that some readers take for the end of a line,
/// and the marks that make a terminal show text in another order than it is in.
fn is_plain(character: char) -> bool {
    !matches!(
        character,
        '"' | '\\'
            | '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut line = String::new();
        let _ = Escaped::new(&mut line).write_str(text);
        line
    }

    #[test]
    fn json_reads_back_what_was_written() {
        let every: String = (0..0x3000)
            .chain(0xfe00..0x1_0100)
            .filter_map(char::from_u32)
            .collect();
        for chunk in every.chars().collect::<Vec<_>>().chunks(1000) {
            let text: String = chunk.iter().collect();
            let line = escaped(&text);
            assert!(!line.chars().any(char::is_control), "{line:?}");
            assert_eq!(
                serde_json::from_str::<String>(&format!("\"{line}\"")).unwrap(),
                text
            );
        }
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let line = escaped(&"ä".repeat(MAX_VALUE));
        assert_eq!(line.chars().filter(|c| *c == 'ä').count(), MAX_VALUE / 2);
        assert!(line.ends_with("..."));
        let line = escaped(&format!("x{}", "ä".repeat(MAX_VALUE)));
        assert!(line.ends_with("ä...") && line.len() < MAX_VALUE + 4);
    }

    #[test]
    fn the_bound_holds_over_several_pieces() {
        let mut line = String::new();
        let mut escaped = Escaped::new(&mut line);
        let written = (0..3)
            .filter(|_| escaped.write_str(&"x".repeat(MAX_VALUE / 2)).is_ok())
            .count();
        assert_eq!(written, 2);
        assert!(escaped.write_str("more").is_err());
        assert_eq!(line.len(), MAX_VALUE);
    }
}
