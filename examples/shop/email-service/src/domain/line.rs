//! Text that stays within one line.

use std::fmt;

/// The longest line that is kept, in characters.
const LONGEST: usize = 200;

/// Text of one line, as a header holds it: without control characters, and 200 characters long at most.
///
/// ```
/// use email_service::domain::Line;
/// assert_eq!(Line::new("Welcome\r\nBcc: everybody@example.com").as_str(), "Welcome  Bcc: everybody@example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// Makes one of any text: what would end the line or turn its direction becomes a space, what is too long is cut off.
    pub fn new(text: &str) -> Self {
        let line: String = text
            .trim()
            .chars()
            .map(|c| if breaks_out(c) { ' ' } else { c })
            .take(LONGEST)
            .collect();
        Self(line)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Control characters, line and paragraph ends, and those that turn the direction of the text around them.
fn breaks_out(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_becomes_one_line(text in "\\PC{0,40}[\r\n\0\u{85}\u{2028}\u{202e}]{0,3}\\PC{0,300}") {
            let line = Line::new(&text);
            prop_assert!(!line.as_str().chars().any(breaks_out));
            prop_assert!(line.as_str().chars().count() <= LONGEST);
        }
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(Line::new("Ana María 李").as_str(), "Ana María 李");
        assert_eq!(Line::new(&"é".repeat(201)).as_str(), "é".repeat(200));
    }
}
