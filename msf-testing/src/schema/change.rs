//! One difference between two schemas of an event.

use std::fmt;

/// One difference between two schemas, and whether readers can live with it.
///
/// ```
/// use msf_testing::schema::{Effect, compare};
/// use serde_json::json;
///
/// let old = json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]});
/// let new = json!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]});
/// let changes = compare(&old, &new);
/// assert_eq!(changes[0].effect, Effect::Breaking);
/// assert_eq!(changes[0].to_string(), "`id` was a string and is an integer");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Where: `address.zip`, `items[].price`; empty for the event itself.
    pub path: String,
    /// What happened there, as the end of a sentence.
    pub what: String,
    /// Who can live with it.
    pub effect: Effect,
}

/// Who can live with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Everybody: readers of yesterday ignore it.
    Added,
    /// Readers of today read the events of yesterday, but not the other way round: deploy readers before publishers.
    Widened,
    /// Nobody: it needs a new version.
    Breaking,
}

impl Change {
    pub(super) fn new(path: &str, what: impl Into<String>, effect: Effect) -> Self {
        Self {
            path: path.to_owned(),
            what: what.into(),
            effect,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "the event {}", self.what)
        } else {
            write!(f, "`{}` {}", self.path, self.what)
        }
    }
}
