//! A bar for each row, and over its end the quartiles.

use std::io;

use plotters::style::Color as _;

use super::axis::Axis;
use super::{At, BLUE, Canvas, ORANGE, WIDTH, thin, width_of};
use crate::model::{Quartiles, Section};
use crate::report::digits::{Shown, decimals, heading, number};

const LINE: f64 = 26.0;
const HEAD: f64 = 30.0;
const FOOT: f64 = 28.0;
const GAP: f64 = 8.0;

pub(super) fn draw(section: &Section, column: usize) -> io::Result<Option<String>> {
    let rows: Vec<(&str, Option<&Quartiles>)> = section
        .rows
        .iter()
        .map(|row| {
            let cell = row.cells.get(column);
            (row.name.as_str(), cell.and_then(Option::as_ref))
        })
        .collect();
    let Some(titled) = section.columns.get(column) else {
        return Ok(None);
    };
    if rows.iter().all(|(_, cell)| cell.is_none()) {
        return Ok(None);
    }
    let shown = |cell: Option<&Quartiles>| {
        cell.map_or_else(|| "not measured".to_owned(), |cell| Shown::of(cell).median)
    };
    let widest = |widths: &mut dyn Iterator<Item = f64>| widths.fold(0.0, f64::max);
    let names = widest(&mut rows.iter().map(|(name, _)| width_of(name)));
    let values = widest(&mut rows.iter().map(|(_, cell)| width_of(&shown(*cell))));
    let left = (names + GAP).min(f64::from(WIDTH) / 2.0);
    let right = f64::from(WIDTH) - values - 2.0 * GAP;
    let axis = Axis::linear(
        rows.iter()
            .filter_map(|(_, cell)| Some(cell.as_ref()?.high)),
        (left, right),
    );

    let tops: Vec<f64> = std::iter::successors(Some(HEAD), |top| Some(top + LINE))
        .take(rows.len())
        .collect();
    let bottom = tops.last().map_or(HEAD, |top| top + LINE);
    let mut svg = String::new();
    let canvas = Canvas::new(&mut svg, bottom + FOOT);
    canvas.text(&heading(titled), (left, HEAD / 2.0), At::Left)?;
    let ticks = axis.ticks();
    let digits = ticks.get(1).map_or(0, |step| decimals_of_step(*step));
    for tick in ticks {
        let x = axis.at(tick);
        let opacity = if tick > 0.0 { 0.3 } else { 1.0 };
        canvas.path(&[(x, HEAD), (x, bottom)], thin(opacity))?;
        canvas.text(&number(tick, digits), (x, bottom + FOOT / 2.0), At::Middle)?;
    }
    for ((name, cell), top) in rows.iter().zip(tops) {
        let middle = top + LINE / 2.0;
        canvas.text(name, (left - GAP, middle), At::Right)?;
        let end = match cell {
            None => left,
            Some(cell) => {
                let (low, median, high) =
                    (axis.at(cell.low), axis.at(cell.median), axis.at(cell.high));
                canvas.bar(
                    (left, top + 5.0),
                    (median, top + LINE - 5.0),
                    BLUE.mix(0.75).filled(),
                )?;
                let style = ORANGE.stroke_width(2);
                canvas.path(&[(low, middle), (high, middle)], style)?;
                for end in [low, high] {
                    canvas.path(&[(end, middle - 4.0), (end, middle + 4.0)], style)?;
                }
                high
            }
        };
        canvas.text(&shown(*cell), (end + GAP, middle), At::Left)?;
    }
    canvas.end()?;
    drop(canvas);
    Ok(Some(svg))
}

/// A step is 1, 2 or 5 of something: one figure of it says all.
pub(super) fn decimals_of_step(step: f64) -> usize {
    decimals(step).saturating_sub(2)
}
