//! What a product is like, in as many words as it takes.

use super::Violation;
use super::text::{check_characters, check_length, controls};

const LONGEST: usize = 10_000;

/// A description: at most 10,000 characters, which may be none. Of control characters it may have line feeds and tabs.
///
/// ```
/// use product_service::domain::Description;
/// assert_eq!(Description::parse("Glazed.\n\t0.1 l").unwrap().as_str(), "Glazed.\n\t0.1 l");
/// assert_eq!(Description::parse("a\0").unwrap_err().code, "description.control_character");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    ///
    /// It is longer than 10,000 characters, or has a control character that is neither a line feed nor a tab.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        check_length("description", text, LONGEST)?;
        check_characters("description", text, |c| {
            controls(c) && !matches!(c, '\n' | '\t')
        })?;
        Ok(Self(text.to_owned()))
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The description, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        let code = |text: &str| Description::parse(text).unwrap_err().code;
        assert!(Description::parse("").is_ok());
        assert!(Description::parse(&"é".repeat(10_000)).is_ok());
        assert_eq!(code(&"é".repeat(10_001)), "description.too_long");
        for bad in ["\r\n", "\u{1b}[2J", "\u{85}", "\u{202e}"] {
            assert_eq!(code(bad), "description.control_character", "{bad:?}");
        }
    }
}
