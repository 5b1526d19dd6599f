//! What texts the services take, in the words of a JSON schema.
//!
//! The services decide; a test holds these patterns against what they say.

/// One line, not blank: no control character, and none that turns the direction of the text around it.
pub(super) const LINE: &str = concat!(
    "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*",
    "[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u202f\\u205f\\u2066-\\u2069\\u3000]",
    "[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$"
);

/// Any number of lines: tabs and line feeds besides.
pub(super) const LINES: &str =
    "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$";

/// Nothing, or the address of something on the web. Whether the port and an address in brackets are any, is for the service to
/// tell.
pub(super) const WEB_ADDRESS: &str = concat!(
    "^([Hh][Tt][Tt][Pp][Ss]?://",
    "([^\\u0000-\\u0020\"<>\\\\^`{|}\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u202f\\u205f\\u2066-\\u2069\\u3000@\\[\\]:/?#]+|\\[[0-9A-Fa-f:.]+\\])",
    "(:[0-9]*)?",
    "([/?#][^\\u0000-\\u0020\"<>\\\\^`{|}\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u202f\\u205f\\u2066-\\u2069\\u3000]*)?)?$"
);
