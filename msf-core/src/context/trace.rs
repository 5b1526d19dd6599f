//! The W3C trace context: which trace a request belongs to, and which span of it this is.

use std::fmt;
use std::sync::Arc;

/// The id of a trace: 16 bytes, never all zero. `Display` writes 32 hexadecimal digits.
///
/// ```
/// let trace = msf_core::context::TraceContext::root();
/// assert_eq!(trace.trace_id().to_string().len(), 32);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

/// The id of a span: 8 bytes, never all zero. `Display` writes 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(u64);

/// Trace id, own span id, parent span id and flags, as W3C Trace Context (level 1) has them.
///
/// ```
/// use msf_core::context::TraceContext;
/// let arrived = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
/// assert_eq!(arrived.parent_id().unwrap().to_string(), "b7ad6b7169203331");
/// assert!(arrived.to_header().starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    parent_id: Option<SpanId>,
    flags: u8,
    state: Option<Arc<str>>,
}

impl TraceId {
    /// The id as a number.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl SpanId {
    /// The id as a number.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    fn random() -> Self {
        Self(rand::random::<u64>().max(1))
    }
}

impl TraceContext {
    /// Starts a new trace, marked as sampled: whether it is kept is the exporter's decision.
    pub fn root() -> Self {
        let trace_id = TraceId(rand::random::<u128>().max(1));
        Self {
            trace_id,
            span_id: SpanId::random(),
            parent_id: None,
            flags: 1,
            state: None,
        }
    }

    /// Reads a `traceparent` header and starts a span under its parent; `None` if the header is malformed.
    ///
    /// Versions above 00 are read by their first four fields, as the specification asks; version `ff`, ids of zeros
    /// and upper-case digits are refused.
    pub fn parse(header: &str) -> Option<Self> {
        let mut fields = header.split('-');
        let (version, trace_id, parent_id, flags) = (
            fields.next()?,
            fields.next()?,
            fields.next()?,
            fields.next()?,
        );
        let version = hex(version, 2)?;
        if version == 0xff || (version == 0 && fields.next().is_some()) {
            return None;
        }
        let trace_id = hex(trace_id, 32).filter(|id| *id != 0)?;
        let parent_id = u64::try_from(hex(parent_id, 16)?)
            .ok()
            .filter(|id| *id != 0)?;
        let flags = u8::try_from(hex(flags, 2)?).ok()?;
        Some(Self {
            trace_id: TraceId(trace_id),
            span_id: SpanId::random(),
            parent_id: Some(SpanId(parent_id)),
            flags,
            state: None,
        })
    }

    /// A span under this one, in the same trace.
    pub fn child(&self) -> Self {
        Self {
            span_id: SpanId::random(),
            parent_id: Some(self.span_id),
            ..self.clone()
        }
    }

    /// The `traceparent` that a callee gets: its parent is this span. Only the sampled flag is passed on.
    pub fn to_header(&self) -> String {
        let mut header = String::with_capacity(55);
        header.push_str("00-");
        header.push_str(text_of(&hexadecimal::<32>(self.trace_id.0)));
        header.push('-');
        header.push_str(text_of(&hexadecimal::<16>(self.span_id.0.into())));
        header.push_str(if self.is_sampled() { "-01" } else { "-00" });
        header
    }

    /// The trace that this request belongs to.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span of this request itself.
    pub fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// The span that caused this one; `None` at the root.
    pub fn parent_id(&self) -> Option<SpanId> {
        self.parent_id
    }

    /// Whether the caller asked for this trace to be kept.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// Vendors' own state, passed on untouched.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Keeps a `tracestate` of at most 512 characters, the length that W3C asks everyone to pass on.
    pub(super) fn with_state(mut self, state: Option<&str>) -> Self {
        self.state = state
            .filter(|text| !text.is_empty() && text.len() <= 512)
            .map(Into::into);
        self
    }
}

/// The last `N` hexadecimal digits of `number`. Written for each request several times, so without `format!`.
fn hexadecimal<const N: usize>(mut number: u128) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xf) as usize];
        number >>= 4;
    }
    digits
}

fn text_of(digits: &[u8]) -> &str {
    // They are ASCII.
    std::str::from_utf8(digits).unwrap_or_default()
}

/// Exactly `len` lower-case hexadecimal digits as a number.
fn hex(digits: &str, len: usize) -> Option<u128> {
    if digits.len() != len {
        return None;
    }
    let mut number = 0;
    for byte in digits.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | u128::from(digit);
    }
    Some(number)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text_of(&hexadecimal::<32>(self.0)))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text_of(&hexadecimal::<16>(self.0.into())))
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            let _ = TraceContext::parse(&text);
        }

        #[test]
        fn what_is_written_is_read_back(trace in 1u128.., span in 1u64.., flags in 0u8..2) {
            let header = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
            let read = TraceContext::parse(&header).unwrap();
            prop_assert_eq!(read.trace_id().as_u128(), trace);
            prop_assert_eq!(read.parent_id().unwrap().as_u64(), span);
            let again = TraceContext::parse(&read.to_header()).unwrap();
            prop_assert_eq!(again.trace_id(), read.trace_id());
            prop_assert_eq!(again.parent_id(), Some(read.span_id()));
        }
    }

    #[test]
    fn malformed_headers_start_a_new_trace() {
        for header in [
            "",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
        let later = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra";
        assert!(TraceContext::parse(later).is_some());
    }
}
