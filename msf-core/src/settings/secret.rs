//! A text that is never shown.

use std::fmt;

use super::Scalar;

/// A text that is never shown: `Debug` and `Display` print `[secret]`, and there is no way to serialize it.
///
/// A key of this type is masked in the effective settings and in every mistake, wherever its value came from. It is compared
/// with `==` in tests only: the comparison takes longer the more characters agree, so use a constant-time one to check a guess.
///
/// ```
/// use msf_core::settings::Secret;
///
/// let key = Secret::new("correct horse");
/// assert_eq!(format!("{key} {key:?}"), "[secret] [secret]");
/// assert_eq!(key.expose(), "correct horse");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text to keep.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it; do not log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Scalar for Secret {
    const EXPECTED: &'static str = "text that is kept secret";
    const SECRET: bool = true;

    fn from_text(text: &str) -> Option<Self> {
        // An empty secret is what a broken template or an unset CI variable leaves behind.
        (!text.is_empty()).then(|| Self::new(text))
    }
}
