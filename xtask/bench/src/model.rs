//! What a run found: sections of figures, and goals with what was measured for each.

use serde::{Deserialize, Serialize};

/// Everything that one run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// Windows too short, or a build too slow, for figures that mean anything: only that everything works was shown.
    pub(crate) quick: bool,
    pub(crate) sections: Vec<Section>,
    pub(crate) goals: Vec<Goal>,
    /// What voided a window, one line each. Empty where every figure counts.
    pub(crate) void: Vec<String>,
}

/// Where and when it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_mib: u64,
    pub(crate) kernel: String,
    pub(crate) rustc: String,
    pub(crate) commit: String,
    /// UTC, RFC 3339.
    pub(crate) began: String,
    pub(crate) seconds: u64,
    /// Of the last minute, before the first window and after the last.
    pub(crate) load_before: f64,
    pub(crate) load_after: f64,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Section {
    /// What `--only` and the file of the plot call it.
    pub(crate) name: String,
    pub(crate) title: String,
    /// How it was measured, in a sentence or two.
    pub(crate) about: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    pub(crate) plot: Option<Plot>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) title: String,
    /// `µs`, `MiB`, `/s`; empty for a ratio.
    pub(crate) unit: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// One for each column; `None` where it was not measured.
    pub(crate) cells: Vec<Option<Quartiles>>,
}

/// How a section is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Plot {
    /// A bar for each row, as long as this column's median, with its quartiles.
    Bars { column: usize },
    /// Rows are points of growing size; a line for each of the columns over the number that a row's name begins with.
    Lines { columns: Vec<usize> },
}

/// The median of several windows, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quartiles {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
    pub(crate) windows: usize,
}

/// A bar that the project set itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Goal {
    pub(crate) what: String,
    pub(crate) bound: Bound,
    pub(crate) unit: String,
    pub(crate) measured: Option<Quartiles>,
    /// What the figure is made of, in a few words.
    pub(crate) of: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Quartiles {
    /// Of these values; `None` of none. Between two values it is their weighted mean.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            low: quantile(&values, 0.25)?,
            median: quantile(&values, 0.5)?,
            high: quantile(&values, 0.75)?,
            windows: values.len(),
        })
    }
}

impl Goal {
    /// Whether the median meets the bound; `None` where nothing was measured.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let median = self.measured?.median;
        Some(match self.bound {
            Bound::AtLeast(least) => median >= least,
            Bound::AtMost(most) => median <= most,
        })
    }
}

impl Column {
    pub(crate) fn new(title: &str, unit: &str) -> Self {
        Self {
            title: title.to_owned(),
            unit: unit.to_owned(),
        }
    }
}

/// The value below which `part` of the sorted `values` lie.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions in a list of windows or latencies, which is far below 2^52 long"
)]
pub(crate) fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let at = last as f64 * part;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    Some(values[below] + (values[above] - values[below]) * (at - at.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_the_values() {
        let of = |values: &[f64]| Quartiles::of(values.iter().copied());
        assert_eq!(of(&[]), None);
        let five = of(&[5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        assert_eq!((five.low, five.median, five.high), (2.0, 3.0, 4.0));
        let two = of(&[1.0, 2.0]).unwrap();
        assert_eq!((two.low, two.median, two.high), (1.25, 1.5, 1.75));
    }

    #[test]
    fn a_goal_is_met_at_its_bound() {
        let goal = |bound, value| Goal {
            what: String::new(),
            bound,
            unit: String::new(),
            measured: Quartiles::of([value]),
            of: String::new(),
        };
        assert_eq!(goal(Bound::AtLeast(0.8), 0.8).is_met(), Some(true));
        assert_eq!(goal(Bound::AtLeast(0.8), 0.79).is_met(), Some(false));
        assert_eq!(goal(Bound::AtMost(50.0), 50.1).is_met(), Some(false));
    }
}
