//! What is wrong with one field.

use std::borrow::Cow;

/// A rule of validity that a field breaks: a stable code for programs, a sentence for people.
///
/// The sentence never repeats the value, which may be long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, as the caller sent it.
    pub field: &'static str,
    /// The stable code: `price.decimals`.
    pub code: Cow<'static, str>,
    /// The sentence, which goes on after the field's name: `has more than two decimals`.
    pub message: Cow<'static, str>,
}

impl Violation {
    /// A broken rule.
    pub fn new(
        field: &'static str,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field,
            code: code.into(),
            message: message.into(),
        }
    }
}
