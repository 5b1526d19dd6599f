//! What is wrong with one field.

/// A field that cannot be part of anybody's credentials; never with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The field is empty.
    Empty(&'static str),
    /// The field is longer than any valid one.
    TooLong(&'static str),
}
