//! What is common to the texts of a product.

use super::Violation;

/// Checks a text of one line: 1 to `longest` characters that are not all blank, none of which controls.
pub(super) fn check_line(field: &'static str, text: &str, longest: usize) -> Result<(), Violation> {
    if text.trim().is_empty() {
        return Err(Violation::new(field, "required", "is empty"));
    }
    check_length(field, text, longest)?;
    check_characters(field, text, controls)
}

/// Checks that a text has at most `longest` characters.
pub(super) fn check_length(
    field: &'static str,
    text: &str,
    longest: usize,
) -> Result<(), Violation> {
    if text.chars().count() > longest {
        let message = format!("is longer than {longest} characters");
        return Err(Violation::new(field, format!("{field}.too_long"), message));
    }
    Ok(())
}

/// Checks that no character of a text is one that controls.
pub(super) fn check_characters(
    field: &'static str,
    text: &str,
    controls: impl Fn(char) -> bool,
) -> Result<(), Violation> {
    if text.chars().any(controls) {
        let (code, message) = (
            format!("{field}.control_character"),
            "has a control character",
        );
        return Err(Violation::new(field, code, message));
    }
    Ok(())
}

/// Control characters, and those that turn the direction of a text: a name must not rearrange the line it stands in.
pub(super) fn controls(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
