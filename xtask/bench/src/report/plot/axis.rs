//! From values to pixels.

/// A range of values along a stretch of pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    values: (f64, f64),
    pixels: (f64, f64),
    logarithmic: bool,
}

impl Axis {
    /// From zero to a little more than the greatest of `values`.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let most = values.into_iter().fold(0.0, f64::max);
        Self {
            values: (0.0, if most > 0.0 { most * 1.04 } else { 1.0 }),
            pixels,
            logarithmic: false,
        }
    }

    /// Equal distances for equal growth, over the values above zero. `None` without such a value.
    pub(super) fn logarithmic(
        values: impl IntoIterator<Item = f64>,
        margin: f64,
        pixels: (f64, f64),
    ) -> Option<Self> {
        let above = values
            .into_iter()
            .filter(|value| *value > 0.0 && value.is_finite());
        let range = above.fold(None, |range: Option<(f64, f64)>, value| {
            let (least, most) = range.unwrap_or((value, value));
            Some((least.min(value), most.max(value)))
        });
        let (least, most) = range?;
        // One value alone lies in the middle.
        let margin = if least < most { margin } else { 2.0 };
        Some(Self {
            values: (least / margin, most * margin),
            pixels,
            logarithmic: true,
        })
    }

    /// Where `value` lies; never beyond the ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (from, to) = self.values;
        let part = if self.logarithmic {
            (value / from).ln() / (to / from).ln()
        } else {
            (value - from) / (to - from)
        };
        let part = if part.is_nan() { 0.0 } else { part };
        self.pixels.0 + part.clamp(0.0, 1.0) * (self.pixels.1 - self.pixels.0)
    }

    /// Round values along it, five or so.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            return self.decades();
        }
        let most = self.values.1;
        let step = round_up(most / 7.0);
        let mut ticks = Vec::new();
        for factor in 0_u32.. {
            let tick = f64::from(factor) * step;
            if tick > most || factor > 20 {
                break;
            }
            ticks.push(tick);
        }
        ticks
    }

    fn decades(&self) -> Vec<f64> {
        let (from, to) = self.values;
        let mut ticks = Vec::new();
        let mut decade = 10.0_f64.powf(from.log10().floor());
        while decade <= to {
            let steps: &[f64] = if to / from > 1000.0 {
                &[1.0]
            } else {
                &[1.0, 2.0, 5.0]
            };
            let within = steps.iter().map(|step| step * decade);
            ticks.extend(within.filter(|tick| (from..=to).contains(tick)));
            decade *= 10.0;
        }
        ticks
    }
}

/// The next of 1, 2, 5, 10, 20, ..
fn round_up(value: f64) -> f64 {
    let decade = 10.0_f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|step| step * decade >= value);
    step.unwrap_or(10.0) * decade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_begins_at_zero() {
        let axis = Axis::linear([3.0, 100.0], (10.0, 114.0));
        assert!((axis.at(0.0) - 10.0).abs() < 1e-9);
        assert!((axis.at(100.0) - 110.0).abs() < 1e-9);
        assert!((axis.at(1e9) - 114.0).abs() < 1e-9);
        assert_eq!(axis.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }

    #[test]
    fn a_logarithmic_axis_has_equal_steps_for_equal_growth() {
        let axis = Axis::logarithmic([1.0, 0.0, 100.0], 1.0, (0.0, 200.0)).unwrap();
        assert!((axis.at(10.0) - 100.0).abs() < 1e-9);
        assert!(axis.at(0.0).abs() < 1e-9);
        assert_eq!(axis.ticks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert!(Axis::logarithmic([0.0], 1.0, (0.0, 1.0)).is_none());
    }

    #[test]
    fn one_value_or_none_is_no_division_by_zero() {
        let axis = Axis::logarithmic([5.0], 1.0, (0.0, 100.0)).unwrap();
        assert!((axis.at(5.0) - 50.0).abs() < 1e-9);
        assert_eq!(Axis::linear([], (0.0, 1.0)).ticks().len(), 6);
    }
}
