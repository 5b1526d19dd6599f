//! Durations as people write them: `10s`, `250ms`, `1m30s`.

use std::time::Duration;

/// The units from the longest to the shortest, in nanoseconds.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Parts of a whole number and a unit, each unit shorter than the one before; a number alone has no meaning here.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut allowed = &UNITS[..];
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, after) = after.split_at(letters);
        let position = allowed.iter().position(|(name, _)| *name == unit)?;
        let part = number
            .parse::<u128>()
            .ok()?
            .checked_mul(allowed[position].1)?;
        total = total.checked_add(part)?;
        allowed = &allowed[position + 1..];
        rest = after;
    }
    if text.is_empty() {
        return None;
    }
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    let nanoseconds = u32::try_from(total % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{UNITS, parse_duration};

    #[test]
    fn reads_what_people_write() {
        for (text, duration) in [
            ("10s", Duration::from_secs(10)),
            ("250ms", Duration::from_millis(250)),
            ("1m", Duration::from_secs(60)),
            ("1m30s", Duration::from_secs(90)),
            ("2h", Duration::from_secs(7200)),
            ("1d", Duration::from_secs(86_400)),
            ("5us", Duration::from_micros(5)),
            ("0s", Duration::ZERO),
        ] {
            assert_eq!(parse_duration(text), Some(duration), "{text}");
        }
    }

    #[test]
    fn refuses_what_could_mean_two_things() {
        for text in [
            "",
            "10",
            "s",
            "1.5s",
            "-1s",
            " 1s",
            "1s ",
            "1s1m",
            "1s2s",
            "1S",
            "1 s",
            "1min",
            "99999999999999999999999999d",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_duration_reads_back(seconds in 0..u64::MAX, nanoseconds in 0..1_000_000_000_u32) {
            let duration = Duration::new(seconds, nanoseconds);
            let mut left = duration.as_nanos();
            let mut text = String::new();
            for (name, size) in UNITS {
                if left / size > 0 {
                    write!(text, "{}{name}", left / size).unwrap();
                    left %= size;
                }
            }
            let text = if text.is_empty() { "0s".to_owned() } else { text };
            prop_assert_eq!(parse_duration(&text), Some(duration));
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse_duration(&text);
        }
    }
}
