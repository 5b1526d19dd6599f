//! The id of one event, the same for every delivery and every retry of it.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The id of one event: a UUID of version 7, made when the event is, and never changed by a retry.
///
/// ```
/// use msf_bus::EventId;
/// let id = EventId::random();
/// assert_eq!(id.to_string().parse(), Ok(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(Uuid);

/// Text that is no id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEventId;

impl EventId {
    /// Makes a new one.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, InvalidEventId> {
        Uuid::parse_str(text).map(Self).map_err(|_| InvalidEventId)
    }
}

impl fmt::Display for InvalidEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of an event is a UUID such as 0190b5a0-7c1e-7b1a-8c6e-3f2d9a1b4c5d")
    }
}

impl std::error::Error for InvalidEventId {}
