//! Whole numbers in JSON, by their value.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A number without a fraction, however it is written: `20`, `20.0` and `2e1` are one number.
///
/// JSON has one type of number, and JSON Schema counts all three as `integer`; the types of serde tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole(pub(super) i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(ByValue)
    }
}

struct ByValue;

impl Visitor<'_> for ByValue {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Whole, E> {
        Ok(Whole(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Whole, E> {
        i64::try_from(value).map(Whole).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Whole, E> {
        // All digits of it, and a point where it is no whole number.
        let digits = value.to_string();
        digits.parse().map(Whole).map_err(|_| {
            let unexpected = serde::de::Unexpected::Float(value);
            E::invalid_value(unexpected, &self)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_by_its_value() {
        for (text, value) in [
            ("0", 0),
            ("-0.0", 0),
            ("-3", -3),
            ("16762.0", 16_762),
            ("2e1", 20),
            ("1.5e1", 15),
            ("9223372036854775807", i64::MAX),
            ("1e18", 1_000_000_000_000_000_000),
        ] {
            let read: Whole = serde_json::from_str(text).unwrap();
            assert_eq!(read, Whole(value), "{text}");
        }
        for text in [
            "1.5",
            "1e-1",
            "9223372036854775808",
            "1e19",
            "1e300",
            "1e400",
            "\"3\"",
            "null",
            "true",
        ] {
            assert!(serde_json::from_str::<Whole>(text).is_err(), "{text}");
        }
    }
}
