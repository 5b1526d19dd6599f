//! The point in time after which nobody waits for an answer, and its notation on the wire.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// A point in time that an answer must be there at; it only ever shrinks.
///
/// Uses tokio's clock, so that paused time in tests holds it still.
///
/// ```
/// use msf_core::context::Deadline;
/// use std::time::Duration;
/// let near = Deadline::after(Duration::from_millis(200)).unwrap();
/// let far = Deadline::after(Duration::from_secs(10)).unwrap();
/// assert_eq!(near.min(far), near);
/// assert!(near.remaining() <= Duration::from_millis(200));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that lies `left` from now; `None` when that is too far away for the clock to tell.
    pub fn after(left: Duration) -> Option<Self> {
        Instant::now().checked_add(left).map(Self)
    }

    /// The deadline at `instant`.
    pub fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The point in time itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// What is left of it; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn is_past(self) -> bool {
        self.0 <= Instant::now()
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deadline({:?} left)", self.remaining())
    }
}

/// Nothing is left of the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadlineExceeded {
    _private: (),
}

impl DeadlineExceeded {
    /// Makes the error.
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

impl Default for DeadlineExceeded {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for DeadlineExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline has passed")
    }
}

impl std::error::Error for DeadlineExceeded {}

/// Reads gRPC's `TimeoutValue TimeoutUnit`: at most eight digits, then one of `H M S m u n`.
pub(super) fn parse_grpc_timeout(text: &str) -> Option<Duration> {
    let unit = *text.as_bytes().last()?;
    let digits = text.get(..text.len() - 1)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(value * 3600)),
        b'M' => Some(Duration::from_secs(value * 60)),
        b'S' => Some(Duration::from_secs(value)),
        b'm' => Some(Duration::from_millis(value)),
        b'u' => Some(Duration::from_micros(value)),
        b'n' => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

pub(super) fn parse_millis(text: &str) -> Option<Duration> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok().map(Duration::from_millis))?
}

/// Writes the largest value in the finest unit that fits eight digits, rounded down: a deadline never grows.
pub(super) fn format_grpc_timeout(left: Duration) -> String {
    const LIMIT: u64 = 100_000_000;
    let seconds = left.as_secs();
    // The usual deadline of seconds needs neither 128 bits nor a second look.
    if (1..100).contains(&seconds) {
        let micros = seconds * 1_000_000 + u64::from(left.subsec_micros());
        return format!("{micros}u");
    }
    let units = [
        (left.as_nanos(), 'n'),
        (left.as_micros(), 'u'),
        (left.as_millis(), 'm'),
        (u128::from(seconds), 'S'),
        (u128::from(seconds / 60), 'M'),
    ];
    match units
        .into_iter()
        .find(|(value, _)| *value < u128::from(LIMIT))
    {
        Some((value, unit)) => format!("{value}{unit}"),
        None => format!("{}H", (seconds / 3600).min(99_999_999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_never_longer_than_what_is_left(nanos in 0u64..u64::MAX) {
            let left = Duration::from_nanos(nanos);
            let read = parse_grpc_timeout(&format_grpc_timeout(left)).unwrap();
            prop_assert!(read <= left);
            prop_assert!(left.abs_diff(read) <= left / 1_000_000 + Duration::from_nanos(1));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            let _ = (parse_grpc_timeout(&text), parse_millis(&text));
        }
    }

    #[test]
    fn more_than_eight_digits_or_another_unit_is_no_timeout() {
        for text in ["", "m", "123456789m", "5s", "-5m", "5 m", "5mm", "５m"] {
            assert_eq!(parse_grpc_timeout(text), None, "{text}");
        }
        assert_eq!(
            parse_grpc_timeout("99999999H"),
            Some(Duration::from_secs(99_999_999 * 3600))
        );
    }
}
