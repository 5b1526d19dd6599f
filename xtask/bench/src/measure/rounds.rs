//! Windows that alternate: whatever else happens on the machine happens to all variants alike.

use std::time::Duration;

use rand::seq::SliceRandom;

use super::Void;
use crate::progress::Progress;

/// How often a window is measured again that is void for something that passes.
const AGAIN: usize = 2;

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) windows: usize,
    pub(crate) window: Duration,
    /// Load that is not counted, before each window.
    pub(crate) warm_up: Duration,
}

impl Pace {
    /// For figures.
    pub(crate) const FULL: Self = Self {
        windows: 6,
        window: Duration::from_secs(1),
        warm_up: Duration::from_millis(200),
    };
    /// Shows that everything works, and measures nothing.
    pub(crate) const QUICK: Self = Self {
        windows: 1,
        window: Duration::from_millis(100),
        warm_up: Duration::from_millis(20),
    };
}

/// Measures each of `variants` once in each round, in another order each time; the answer has a list for each variant,
/// with its windows in the order of the rounds.
///
/// A window in which a thread ended is measured again. One that is void is reported and left out: it is missing from all lists, so that those of one round compare.
pub(crate) fn alternate<V, W>(
    name: &str,
    pace: Pace,
    variants: &mut [V],
    progress: &mut Progress,
    mut measure: impl FnMut(&mut V) -> Result<W, Void>,
) -> Vec<Vec<W>> {
    let mut windows: Vec<Vec<W>> = variants.iter().map(|_| Vec::new()).collect();
    let mut order: Vec<usize> = (0..variants.len()).collect();
    for round in 1..=pace.windows {
        order.shuffle(&mut rand::rng());
        let mut taken: Vec<Option<W>> = variants.iter().map(|_| None).collect();
        for (done, variant) in order.iter().enumerate() {
            progress.show(&format!(
                "{name}: round {round} of {}, {} of {}",
                pace.windows,
                done + 1,
                order.len()
            ));
            let mut window = measure(&mut variants[*variant]);
            for _ in 0..AGAIN {
                if !matches!(&window, Err(void) if void.is_passing()) {
                    break;
                }
                window = measure(&mut variants[*variant]);
            }
            match window {
                Ok(window) => taken[*variant] = Some(window),
                Err(void) => progress.void(format!("{name}, round {round}: {void}")),
            }
        }
        if let Some(round) = taken.into_iter().collect::<Option<Vec<W>>>() {
            windows
                .iter_mut()
                .zip(round)
                .for_each(|(all, one)| all.push(one));
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_void_window_takes_its_round_with_it() {
        let mut progress = Progress::silent();
        let pace = Pace {
            windows: 3,
            ..Pace::QUICK
        };
        let mut variants = [("a", 0), ("b", 0)];
        let windows = alternate(
            "test",
            pace,
            &mut variants,
            &mut progress,
            |(name, count)| {
                *count += 1;
                match (*name, *count) {
                    ("b", 2) => Err(Void::new("an answer of 503")),
                    (_, count) => Ok(count),
                }
            },
        );
        assert_eq!(windows, [vec![1, 3], vec![1, 3]]);
        assert_eq!(progress.into_void(), ["test, round 2: an answer of 503"]);
    }

    #[test]
    fn what_passes_is_measured_again_and_not_for_ever() {
        for (ends, expected, voids) in [(1, vec![vec![2]], 0), (9, vec![vec![]], 1)] {
            let mut progress = Progress::silent();
            let measured = |count: &mut i32| {
                *count += 1;
                if *count <= ends {
                    return Err(Void::passing("a thread ended"));
                }
                Ok(*count)
            };
            let windows = alternate("test", Pace::QUICK, &mut [0], &mut progress, measured);
            assert_eq!(windows, expected);
            assert_eq!(progress.into_void().len(), voids);
        }
    }
}
