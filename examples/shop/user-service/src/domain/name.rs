//! What a user is called.

use super::Violation;

const LONGEST: usize = 200;

/// A name: 1 to 200 characters, none of which controls a terminal or the direction of the text around it.
///
/// ```
/// use user_service::domain::Name;
/// assert_eq!(Name::parse("Ana María 李").unwrap().as_str(), "Ana María 李");
/// assert_eq!(Name::parse("a\nb").unwrap_err().code, "name.control_character");
/// ```
#[derive(Clone, Debug)]
pub struct Name(String);

impl Name {
    /// Reads a name. Spaces around it stay as they are.
    ///
    /// # Errors
    ///
    /// It is empty or blank, longer than 200 characters, or has a control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.trim().is_empty() {
            return Err(Violation::new("name", "required", "is empty"));
        }
        if text.chars().count() > LONGEST {
            let message = format!("is longer than {LONGEST} characters");
            return Err(Violation::new("name", "name.too_long", message));
        }
        if text.chars().any(controls) {
            let message = "has a control character";
            return Err(Violation::new("name", "name.control_character", message));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, and those that turn the direction of a text: a name must not rearrange the line it stands in.
fn controls(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        assert!(Name::parse(&"é".repeat(200)).is_ok());
        assert_eq!(
            Name::parse(&"é".repeat(201)).unwrap_err().code,
            "name.too_long"
        );
        assert_eq!(Name::parse("").unwrap_err().code, "required");
        assert_eq!(Name::parse(" \u{a0}").unwrap_err().code, "required");
        assert!(Name::parse("x").is_ok());
    }

    #[test]
    fn what_controls_is_refused() {
        for bad in [
            "a\0",
            "a\u{7f}",
            "a\u{85}b",
            "a\u{202e}b",
            "\u{2066}a",
            "a\u{2028}b",
            "\u{1b}[2J",
        ] {
            assert_eq!(
                Name::parse(bad).unwrap_err().code,
                "name.control_character",
                "{bad:?}"
            );
        }
        assert!(Name::parse("Zoë 👩‍👩‍👧").is_ok());
    }
}
