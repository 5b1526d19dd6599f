//! A point in time as RFC 3339 text in UTC.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Days of 400 years: the Gregorian calendar repeats after them.
const DAYS_PER_ERA: i64 = 146_097;
/// Days from the 1st of March of year 0 to the 1st of January 1970.
const EPOCH: i64 = 719_468;

/// Microseconds from 1970 to the end of what can be told: 290,000 years.
const FARTHEST: i64 = i64::MAX - MICROS_PER_DAY;

/// Date and time of day of a point in time, in UTC. `Display` writes RFC 3339 with microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp {
    year: i64,
    month: i64,
    day: i64,
    micros: i64,
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let micros = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(FARTHEST),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(FARTHEST),
        };
        // Years are counted from March here: the leap day is then the last day of a year and needs no case of its own.
        let days = micros.div_euclid(MICROS_PER_DAY) + EPOCH;
        let era = days.div_euclid(DAYS_PER_ERA);
        let day_of_era = days.rem_euclid(DAYS_PER_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            micros: micros.rem_euclid(MICROS_PER_DAY),
        }
    }
}

impl Timestamp {
    /// The time of day alone, with milliseconds: for terminals.
    pub(super) fn time_of_day(self) -> String {
        let (hours, minutes, seconds) = clock(self.micros);
        format!(
            "{hours:02}:{minutes:02}:{seconds:02}.{:03}",
            self.micros / 1_000 % 1_000
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = clock(self.micros);
        let Self {
            year,
            month,
            day,
            micros,
        } = self;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        for (at, value) in [
            (0..4, *year),
            (5..7, *month),
            (8..10, *day),
            (11..13, hours),
            (14..16, minutes),
            (17..19, seconds),
            (20..26, micros % 1_000_000),
        ] {
            put(&mut text[at], value);
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Writes the last digits of `value`, as many as there is room for.
fn put(digits: &mut [u8], mut value: i64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value.rem_euclid(10)).unwrap_or_default();
        value /= 10;
    }
}

fn clock(micros: i64) -> (i64, i64, i64) {
    let seconds = micros / 1_000_000;
    (seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64, micros: u32) -> String {
        Timestamp::from(UNIX_EPOCH + Duration::new(seconds, micros * 1_000)).to_string()
    }

    #[test]
    fn known_dates() {
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_400, 1), "2000-02-29T00:00:00.000001Z");
        assert_eq!(at(951_868_799, 999_999), "2000-02-29T23:59:59.999999Z");
        assert_eq!(at(951_868_800, 0), "2000-03-01T00:00:00.000000Z");
        assert_eq!(at(1_709_251_199, 0), "2024-02-29T23:59:59.000000Z");
        assert_eq!(at(1_735_689_599, 0), "2024-12-31T23:59:59.000000Z");
        assert_eq!(at(1_794_873_600, 0), "2026-11-17T00:00:00.000000Z");
        assert_eq!(at(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
        let before = Timestamp::from(UNIX_EPOCH - Duration::from_micros(1));
        assert_eq!(before.to_string(), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn every_day_of_two_centuries_follows_the_one_before() {
        let lengths = |year: i64| {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            [
                31,
                if leap { 29 } else { 28 },
                31,
                30,
                31,
                30,
                31,
                31,
                30,
                31,
                30,
                31,
            ]
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..73_000 {
            let stamp = Timestamp::from(UNIX_EPOCH + Duration::from_secs(days * 86_400));
            assert_eq!((stamp.year, stamp.month, stamp.day), (year, month, day));
            day += 1;
            if day > lengths(year)[usize::try_from(month).unwrap() - 1] {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn time_of_day_has_milliseconds() {
        let stamp = Timestamp::from(UNIX_EPOCH + Duration::from_micros(3_723_004_567));
        assert_eq!(stamp.time_of_day(), "01:02:03.004");
    }
}
