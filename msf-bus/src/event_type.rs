//! Name and version of an event's type, as they stand in an envelope.

use std::borrow::Cow;
use std::fmt;

use crate::Event;

/// The stream of an event and the version of its shape: `orders.order-placed.v2`.
///
/// ```
/// use msf_bus::EventType;
/// let parsed = EventType::parse("orders.order-placed.v2").unwrap();
/// assert_eq!((parsed.stream(), parsed.version()), ("orders.order-placed", 2));
/// assert!(EventType::parse("orders.order-placed").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType {
    stream: Cow<'static, str>,
    version: u16,
}

impl EventType {
    /// That of a Rust type.
    pub const fn of<E: Event>() -> Self {
        Self {
            stream: Cow::Borrowed(E::NAME),
            version: E::VERSION,
        }
    }

    /// Takes the text of an envelope apart; `None` if it is not `STREAM.vN` with a number from 1 on.
    pub fn parse(text: &str) -> Option<Self> {
        let (stream, version) = text.rsplit_once(".v")?;
        let digits = !version.starts_with(['0', '+']);
        let version = version.parse().ok().filter(|_| digits)?;
        is_stream(stream).then(|| Self {
            stream: Cow::Owned(stream.to_owned()),
            version,
        })
    }

    /// The stream: all versions of the event.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The version of its shape.
    pub fn version(&self) -> u16 {
        self.version
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{}", self.stream, self.version)
    }
}

/// Whether it is at least two segments of `[a-z0-9-]`, joined by dots, and 100 bytes at most.
fn is_stream(text: &str) -> bool {
    let segment = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    text.len() <= 100 && text.contains('.') && text.split('.').all(segment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_type_is_none() {
        for text in [
            "",
            "orders",
            "orders.placed",
            "orders.placed.v0",
            "orders.placed.v01",
            "orders.placed.v+1",
            "orders.placed.v65536",
            "orders.v1",
            "Orders.placed.v1",
            "orders..placed.v1",
            ".placed.v1",
            "orders.placed.v1 ",
        ] {
            assert_eq!(EventType::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(stream in "[a-z0-9-]{1,20}(\\.[a-z0-9-]{1,20}){1,3}", version in 1..=u16::MAX) {
            let text = format!("{stream}.v{version}");
            let parsed = EventType::parse(&text).unwrap();
            prop_assert_eq!(parsed.stream(), &stream);
            prop_assert_eq!(parsed.to_string(), text);
        }

        #[test]
        fn any_text_is_a_type_that_reads_the_same_or_none(text in ".{0,40}") {
            if let Some(parsed) = EventType::parse(&text) {
                prop_assert_eq!(parsed.to_string(), text);
            }
        }
    }
}
