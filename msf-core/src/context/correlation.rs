//! The id that ties together everything that happened for one request.

use std::fmt;
use std::sync::Arc;

/// An id of 1 to 64 characters of `[A-Za-z0-9._:-]`, so that it is safe in a header, a log line and a URL.
///
/// ```
/// use msf_core::context::CorrelationId;
/// assert_eq!(CorrelationId::parse("order-7").unwrap().as_str(), "order-7");
/// assert!(CorrelationId::parse("with space").is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CorrelationId(Arc<str>);

impl CorrelationId {
    /// The longest id that is accepted, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Takes an id that a caller sent; `None` if it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        let fits = !text.is_empty() && text.len() <= Self::MAX_LEN && text.bytes().all(allowed);
        fits.then(|| Self(text.into()))
    }

    /// Makes a new id: a UUID of version 7, which sorts by time.
    pub fn random() -> Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        let text: &str = uuid::Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
