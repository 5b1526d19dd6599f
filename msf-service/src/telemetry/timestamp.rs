//! A point in time as RFC 3339 text in UTC.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const MICROS_PER_DAY: i128 = 86_400_000_000;
/// Days of 400 years: the Gregorian calendar repeats after them.
const DAYS_PER_ERA: i128 = 146_097;
/// Days from the 1st of March of year 0 to the 1st of January 1970.
const EPOCH: i128 = 719_468;

/// Date and time of day of a point in time, in UTC. `Display` writes RFC 3339 with microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp {
    year: i128,
    month: i128,
    day: i128,
    micros: i128,
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let micros = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_micros()).unwrap_or(i128::MAX / 2),
            Err(before) => -i128::try_from(before.duration().as_micros()).unwrap_or(i128::MAX / 2),
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
            year: era * 400 + year_of_era + i128::from(month <= 2),
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
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:06}Z",
            micros % 1_000_000
        )
    }
}

fn clock(micros: i128) -> (i128, i128, i128) {
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
        let lengths = |year: i128| {
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
