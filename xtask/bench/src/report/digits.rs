//! Figures with as many digits as they are worth.

use crate::model::{Bound, Column, Goal, Quartiles, Report};

/// How many figures of a number are shown.
const SIGNIFICANT: i32 = 3;

/// A cell: its median, and its quartiles where they are not the same.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) median: String,
    /// `low..high`; `None` where all windows, or the only one, found the same.
    pub(super) range: Option<String>,
}

impl Shown {
    /// Low and high get the decimals of the median, so that they compare at a glance.
    pub(super) fn of(cell: &Quartiles) -> Self {
        let decimals = decimals(cell.median);
        let range = cell.low < cell.median || cell.high > cell.median;
        Self {
            median: number(cell.median, decimals),
            range: range.then(|| {
                let (low, high) = (number(cell.low, decimals), number(cell.high, decimals));
                format!("{low}..{high}")
            }),
        }
    }
}

/// `CPU per request, µs`.
pub(super) fn heading(column: &Column) -> String {
    with_unit(&column.title, ", ", &column.unit)
}

/// `at most 50 ms`, as it was set.
pub(super) fn bound(goal: &Goal) -> String {
    let (words, value) = match goal.bound {
        Bound::AtLeast(least) => ("at least", least),
        Bound::AtMost(most) => ("at most", most),
    };
    with_unit(&format!("{words} {value}"), " ", &goal.unit)
}

/// `12.3 [12.1..12.6] ms`, or that there is nothing.
pub(super) fn measured(goal: &Goal) -> String {
    let Some(cell) = &goal.measured else {
        return "-".to_owned();
    };
    let Shown { median, range } = Shown::of(cell);
    let range = range.map(|range| format!(" [{range}]")).unwrap_or_default();
    with_unit(&format!("{median}{range}"), " ", &goal.unit)
}

/// Whether the goal is met, unless the run was too quick to say.
pub(super) fn verdict(report: &Report, goal: &Goal) -> &'static str {
    match goal.is_met() {
        None => "not measured",
        Some(_) if report.quick => "not judged",
        Some(true) => "met",
        Some(false) => "MISSED",
    }
}

fn with_unit(text: &str, between: &str, unit: &str) -> String {
    if unit.is_empty() {
        text.to_owned()
    } else {
        format!("{text}{between}{unit}")
    }
}

/// How many decimals show the first three figures of `value`, and no more.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the logarithm of any f64 is within ±400, and what is below zero is clamped"
)]
pub(super) fn decimals(value: f64) -> usize {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    let before = value.abs().log10().floor() as i32 + 1;
    (SIGNIFICANT - before).clamp(0, 9) as usize
}

/// `value` with a comma between thousands.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let whole = plain.find('.').unwrap_or(plain.len());
    let mut grouped = String::with_capacity(plain.len() + 4);
    for (at, character) in plain.char_indices() {
        let digits_left = whole.saturating_sub(at);
        let after_digit = grouped.ends_with(|last: char| last.is_ascii_digit());
        if at < whole && after_digit && digits_left % 3 == 0 && character.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(character);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_figures_are_shown() {
        let shown = |value| number(value, decimals(value));
        for (value, text) in [
            (0.0, "0"),
            (0.000_123_4, "0.000123"),
            (0.8126, "0.813"),
            (1.0, "1.00"),
            (12.345, "12.3"),
            (123.45, "123"),
            (1234.5, "1,234"),
            (-1_234_567.0, "-1,234,567"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(shown(value), text, "{value}");
        }
    }

    #[test]
    fn quartiles_have_the_decimals_of_their_median() {
        let cell = Quartiles {
            low: 98.76,
            median: 101.2,
            high: 1003.4,
            windows: 6,
        };
        let shown = Shown::of(&cell);
        assert_eq!(shown.median, "101");
        assert_eq!(shown.range.as_deref(), Some("99..1,003"));
        let same = Quartiles::of([7.0, 7.0]).unwrap();
        assert_eq!(Shown::of(&same).range, None);
    }
}
