//! The id that ties together everything that happened for one request.

use std::fmt;
use std::time::UNIX_EPOCH;

use crate::clock::Clock;

/// An id of 1 to 64 characters of `[A-Za-z0-9._:-]`, so that it is safe in a header, a log line and a URL.
///
/// ```
/// use msf_core::context::CorrelationId;
/// assert_eq!(CorrelationId::parse("order-7").unwrap().as_str(), "order-7");
/// assert!(CorrelationId::parse("with space").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CorrelationId {
    // In place: an id is made for each request and copied into each call.
    text: [u8; Self::MAX_LEN],
    len: u8,
}

impl CorrelationId {
    /// The longest id that is accepted, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Takes an id that a caller sent; `None` if it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        let fits = !text.is_empty() && text.bytes().all(allowed);
        fits.then(|| Self::of(text))?
    }

    /// Makes a new id: a UUID of version 7, which sorts by time.
    pub fn random() -> Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        let text: &str = new_uuid().hyphenated().encode_lower(&mut buffer);
        // A UUID has 36 characters, so there always is one.
        Self::of(text).unwrap_or(Self {
            text: [b'0'; Self::MAX_LEN],
            len: 1,
        })
    }

    /// Keeps `text`, unless it is too long.
    fn of(text: &str) -> Option<Self> {
        let mut id = Self {
            text: [0; Self::MAX_LEN],
            len: u8::try_from(text.len()).ok()?,
        };
        id.text
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Some(id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Every byte of it is ASCII.
        std::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// A UUID of version 7. Its random part comes from the generator of the thread: `Uuid::now_v7` asks the system each time.
fn new_uuid() -> uuid::Uuid {
    let since = Clock::system().now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    let millis = u64::try_from(millis).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid()
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
