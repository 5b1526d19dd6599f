//! What a product is called.

use super::Violation;
use super::text::check_line;

const LONGEST: usize = 200;

/// A name: 1 to 200 characters, none of which controls a terminal or the direction of the text around it.
///
/// ```
/// use product_service::domain::Name;
/// assert_eq!(Name::parse("Espresso cup").unwrap().as_str(), "Espresso cup");
/// assert_eq!(Name::parse("a\nb").unwrap_err().code, "name.control_character");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Reads a name. Spaces around it stay as they are.
    ///
    /// # Errors
    ///
    /// It is empty or blank, longer than 200 characters, or has a control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        check_line("name", text, LONGEST)?;
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        let code = |text: &str| Name::parse(text).unwrap_err().code;
        assert!(Name::parse(&"é".repeat(200)).is_ok());
        assert_eq!(code(&"é".repeat(201)), "name.too_long");
        assert_eq!(code(""), "required");
        assert_eq!(code(" \u{a0}"), "required");
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
            let code = Name::parse(bad).unwrap_err().code;
            assert_eq!(code, "name.control_character", "{bad:?}");
        }
        assert!(Name::parse("Tasse ☕ für 👩‍👩‍👧").is_ok());
    }
}
