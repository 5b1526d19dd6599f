//! What is wrong with one field.

use std::borrow::Cow;

/// A rule of validity that a field breaks: a stable code for programs, a sentence for people.
///
/// The sentence never repeats the value, which may be a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, as the caller sent it.
    pub field: &'static str,
    /// The stable code: `email.syntax`.
    pub code: Cow<'static, str>,
    /// The sentence, which goes on after the field's name: `is not an e-mail address`.
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
