//! What kind of thing a product is.

use super::Violation;
use super::text::check_line;

const LONGEST: usize = 200;

/// A category: free text of 1 to 200 characters without control characters. Whoever names a new one has made it.
///
/// Two categories are the same where every character is, case included.
///
/// ```
/// use product_service::domain::Category;
/// assert_eq!(Category::parse("kitchen").unwrap().as_str(), "kitchen");
/// assert_eq!(Category::parse("").unwrap_err().code, "required");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category(String);

impl Category {
    /// Reads a category. Spaces around it stay as they are.
    ///
    /// # Errors
    ///
    /// It is empty or blank, longer than 200 characters, or has a control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        check_line("category", text, LONGEST)?;
        Ok(Self(text.to_owned()))
    }

    /// The category.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The category, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        let code = |text: &str| Category::parse(text).unwrap_err().code;
        assert!(Category::parse(&"é".repeat(200)).is_ok());
        assert_eq!(code(&"é".repeat(201)), "category.too_long");
        assert_eq!(code("\t"), "required");
        assert_eq!(code("a\tb"), "category.control_character");
    }
}
