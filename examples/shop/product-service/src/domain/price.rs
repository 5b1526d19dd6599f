//! What a product costs.

use std::fmt;

use super::Violation;

/// 10^9, in hundredths.
const HIGHEST: i64 = 1_000_000_000 * 100;
/// How many digits 10^9 has before its point.
const MOST_DIGITS: i64 = 10;

/// A price: 0 to 1,000,000,000 in steps of a hundredth. It is a count of hundredths; no float is anywhere near.
///
/// It is read from the text of a number as JSON writes it, by value, and shown as the shortest such text.
///
/// ```
/// use product_service::domain::Price;
/// assert_eq!(Price::parse("19.99").unwrap().hundredths(), 1999);
/// assert_eq!(Price::parse("19.999").unwrap_err().code, "price.decimals");
/// assert_eq!(Price::parse("20.00").unwrap().to_string(), "20");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(i64);

impl Price {
    /// Reads a price. `19.990`, `1999e-2` and `19.99` are the same.
    ///
    /// # Errors
    ///
    /// It is not a number as JSON writes it (`price.syntax`), it is negative or more than 10^9 (`price.range`), or it has more
    /// than two decimals that are not 0 (`price.decimals`).
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let Some(number) = Number::parse(text) else {
            return Err(Violation::new("price", "price.syntax", "is not a number"));
        };
        let range = || {
            let message = "is not between 0 and 1000000000";
            Violation::new("price", "price.range", message)
        };
        if number.digits.is_empty() {
            return Ok(Self(0));
        }
        // Before any power of ten is made: the exponent may be as large as its writer likes.
        if number.negative || number.before_the_point() > MOST_DIGITS {
            return Err(range());
        }
        let Some(zeros) = number.exponent.checked_add(2).filter(|&zeros| zeros >= 0) else {
            let message = "has more than two decimals";
            return Err(Violation::new("price", "price.decimals", message));
        };
        let digits = number.digits.bytes().map(|byte| i64::from(byte - b'0'));
        let appended = (0..zeros).map(|_| 0);
        // At most twelve: ten before the point and two behind it.
        let hundredths = digits
            .chain(appended)
            .fold(0, |sum, digit| sum * 10 + digit);
        Self::from_hundredths(hundredths).ok_or_else(range)
    }

    /// The price of so many hundredths; `None` where there is no such price.
    pub fn from_hundredths(hundredths: i64) -> Option<Self> {
        (0..=HIGHEST)
            .contains(&hundredths)
            .then_some(Self(hundredths))
    }

    /// The price in hundredths.
    pub const fn hundredths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        match (part / 10, part % 10) {
            (0, 0) => write!(f, "{whole}"),
            (tenths, 0) => write!(f, "{whole}.{tenths}"),
            (tenths, hundredths) => write!(f, "{whole}.{tenths}{hundredths}"),
        }
    }
}

/// A number by value: `digits` times ten to the power of `exponent`, with no digit more than it needs. Without digits it is 0.
struct Number {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Number {
    /// Reads `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`, which is the grammar of JSON.
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let padded = whole.len() > 1 && whole.starts_with('0');
        if !is_digits(whole) || padded || fraction.is_some_and(|fraction| !is_digits(fraction)) {
            return None;
        }
        let fraction = fraction.unwrap_or_default().trim_end_matches('0');
        let digits = [whole, fraction].concat();
        let needed = digits.trim_end_matches('0');
        let zeros = length(&digits) - length(needed);
        Some(Self {
            negative,
            digits: needed.trim_start_matches('0').to_owned(),
            exponent: exponent
                .saturating_sub(length(fraction))
                .saturating_add(zeros),
        })
    }

    /// How many digits it has before its point; 0 or less for a number below 1.
    fn before_the_point(&self) -> i64 {
        length(&self.digits).saturating_add(self.exponent)
    }
}

/// Reads an exponent; one beyond all bounds counts as the largest.
fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if !is_digits(digits) {
        return None;
    }
    let exponent = digits.parse::<i64>().unwrap_or(i64::MAX);
    Some(if negative { -exponent } else { exponent })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_counts_by_its_value() {
        for (text, hundredths) in [
            ("0", 0),
            ("-0", 0),
            ("-0.00e9", 0),
            ("0e999999999999999999999", 0),
            ("0.01", 1),
            ("0.010000000000000000000", 1),
            ("19.99", 1_999),
            ("19.990", 1_999),
            ("1999e-2", 1_999),
            ("199900E-0004", 1_999),
            ("0.001999e+4", 1_999),
            ("1e3", 100_000),
            ("1E2", 10_000),
            ("100", 10_000),
            ("1e9", 100_000_000_000),
            ("1000000000", 100_000_000_000),
            ("1000000000.00", 100_000_000_000),
            ("999999999.99", 99_999_999_999),
        ] {
            let price = Price::parse(text).map(Price::hundredths);
            assert_eq!(price, Ok(hundredths), "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused_with_its_reason() {
        let long = "9".repeat(100_000);
        for (text, code) in [
            ("19.999", "price.decimals"),
            ("0.001", "price.decimals"),
            ("1e-3", "price.decimals"),
            ("1e-999999999999999999999", "price.decimals"),
            ("-0.01", "price.range"),
            ("-1", "price.range"),
            ("1000000000.01", "price.range"),
            ("1000000001", "price.range"),
            ("1e10", "price.range"),
            ("1e400", "price.range"),
            ("1e999999999999999999999", "price.range"),
            (&long, "price.range"),
            ("", "price.syntax"),
            (" 1", "price.syntax"),
            ("+1", "price.syntax"),
            ("01", "price.syntax"),
            ("-", "price.syntax"),
            (".5", "price.syntax"),
            ("5.", "price.syntax"),
            ("1,50", "price.syntax"),
            ("1e", "price.syntax"),
            ("1e+", "price.syntax"),
            ("1e1.5", "price.syntax"),
            ("1.2.3", "price.syntax"),
            ("0x10", "price.syntax"),
            ("NaN", "price.syntax"),
            ("Infinity", "price.syntax"),
            ("١٩", "price.syntax"),
            ("19.99 €", "price.syntax"),
        ] {
            let refused = Price::parse(text).map_err(|broken| broken.code);
            assert_eq!(refused, Err(code.into()), "{text}");
        }
    }

    #[test]
    fn it_is_shown_with_no_digit_that_it_does_not_need() {
        for (hundredths, text) in [
            (0, "0"),
            (5, "0.05"),
            (50, "0.5"),
            (2_000, "20"),
            (1_999, "19.99"),
        ] {
            assert_eq!(Price(hundredths).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_equal(hundredths in 0..=HIGHEST) {
            let price = Price(hundredths);
            prop_assert_eq!(Price::parse(&price.to_string()), Ok(price));
        }

        #[test]
        fn how_a_number_is_written_does_not_matter(hundredths in 0..=HIGHEST, shift in 0_i64..30) {
            let spread = format!("{hundredths}{}", "0".repeat(usize::try_from(shift).unwrap()));
            let text = format!("{spread}e-{}", shift + 2);
            prop_assert_eq!(Price::parse(&text), Ok(Price(hundredths)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "-?[0-9]{0,20}[.]?[0-9]{0,20}([eE][+-]?[0-9]{0,25})?") {
            let _ = Price::parse(&text);
        }
    }
}
