//! Sizes as people write them: `1MiB`, `512KiB`, `10MB`.

use std::fmt;

use super::Scalar;

/// The units from the largest to the smallest; those with `i` count in 1024, the others in 1000.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// A number of bytes, written as `1MiB` (1024 × 1024), `1MB` (1000 × 1000) or `100B`.
///
/// ```
/// use msf_core::settings::ByteSize;
///
/// assert_eq!(ByteSize::mebibytes(1).bytes(), 1_048_576);
/// assert_eq!(ByteSize::mebibytes(1).to_string(), "1MiB");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

impl ByteSize {
    /// A size in bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// A size in units of 1024 bytes; the largest size when the number does not fit.
    pub const fn kibibytes(number: u64) -> Self {
        Self(number.saturating_mul(1 << 10))
    }

    /// A size in units of 1024 × 1024 bytes; the largest size when the number does not fit.
    pub const fn mebibytes(number: u64) -> Self {
        Self(number.saturating_mul(1 << 20))
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The number of bytes as a length; the largest length where the machine's is smaller.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The largest unit that divides the size, so that the text reads back as the same size.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, size) = UNITS
            .into_iter()
            .find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size))
            .unwrap_or(("B", 1));
        write!(f, "{}{name}", self.0 / size)
    }
}

impl Scalar for ByteSize {
    const EXPECTED: &'static str = "a size such as `1MiB`, `64KiB` or `100B`";

    fn from_text(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        number.parse::<u64>().ok()?.checked_mul(size).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ByteSize, Scalar};

    #[test]
    fn reads_what_people_write() {
        for (text, bytes) in [
            ("1MiB", 1 << 20),
            ("64KiB", 65_536),
            ("10MB", 10_000_000),
            ("0B", 0),
            ("1kB", 1000),
        ] {
            assert_eq!(
                ByteSize::from_text(text),
                Some(ByteSize::new(bytes)),
                "{text}"
            );
        }
        for text in [
            "",
            "1",
            "MiB",
            "1.5MiB",
            "1 MiB",
            "1mib",
            "1M",
            "-1B",
            "99999999999TiB",
        ] {
            assert_eq!(ByteSize::from_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_size_reads_back(bytes: u64) {
            let size = ByteSize::new(bytes);
            prop_assert_eq!(ByteSize::from_text(&size.to_string()), Some(size));
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = ByteSize::from_text(&text);
        }
    }
}
