//! How figures grow: a line for each column over the size that a row's name begins with.

use std::io;

use plotters::style::{Color as _, RGBColor};

use super::axis::Axis;
use super::bars::decimals_of_step;
use super::{At, BLUE, Canvas, GREEN, OLIVE, ORANGE, PINK, PURPLE, WIDTH, thin, width_of};
use crate::model::{Column, Quartiles, Section};
use crate::report::digits::{decimals, heading, number};

const COLORS: [RGBColor; 6] = [BLUE, ORANGE, GREEN, PURPLE, PINK, OLIVE];
const LEGEND: f64 = 20.0;
const PLOT: f64 = 260.0;
const FOOT: f64 = 28.0;
const GAP: f64 = 8.0;
/// Beyond this ratio of the greatest to the least the small ones could not be told from zero.
const LINEAR: f64 = 50.0;

/// One column with its points, by size.
struct Line<'a> {
    column: &'a Column,
    color: RGBColor,
    points: Vec<(f64, Quartiles)>,
}

pub(super) fn draw(section: &Section, columns: &[usize]) -> io::Result<Option<String>> {
    let lines: Vec<Line<'_>> = columns
        .iter()
        .zip(COLORS.iter().cycle())
        .filter_map(|(column, color)| line(section, *column, *color))
        .collect();
    let sizes: Vec<(f64, &str)> = section
        .rows
        .iter()
        .filter_map(|row| Some((size_of(&row.name)?, row.name.as_str())))
        .collect();
    let cells = || lines.iter().flat_map(|line| &line.points);
    let labels = cells().map(|(_, cell)| width_of(&number(cell.high, decimals(cell.high))));
    let left = labels.fold(0.0, f64::max) + 2.0 * GAP;
    let top = f64::from(u32::try_from(lines.len()).unwrap_or(1)) * LEGEND + GAP;
    let bottom = top + PLOT;
    // The first and the last name stand under their points, half beside them.
    let right = sizes.last().map_or(0.0, |(_, name)| width_of(name) / 2.0);
    let across = (left + GAP, f64::from(WIDTH) - right.max(2.0 * GAP));
    let sizes_at = Axis::logarithmic(sizes.iter().map(|(size, _)| *size), 1.0, across);
    let Some(values_at) = values(&lines, (bottom, top)) else {
        return Ok(None);
    };
    let Some(sizes_at) = sizes_at else {
        return Ok(None);
    };

    let mut svg = String::new();
    let canvas = Canvas::new(&mut svg, bottom + FOOT);
    let ticks = values_at.ticks();
    let digits = |tick: f64| match ticks.first() {
        Some(first) if *first > 0.0 => decimals_of_step(tick),
        _ => ticks.get(1).map_or(0, |step| decimals_of_step(*step)),
    };
    for tick in &ticks {
        let y = values_at.at(*tick);
        canvas.path(&[(left, y), (f64::from(WIDTH), y)], thin(0.3))?;
        canvas.text(&number(*tick, digits(*tick)), (left - GAP, y), At::Right)?;
    }
    canvas.path(&[(left, bottom), (f64::from(WIDTH), bottom)], thin(1.0))?;
    let mut free_from = f64::MIN;
    for (size, name) in &sizes {
        let x = sizes_at.at(*size);
        canvas.path(&[(x, bottom), (x, bottom + 4.0)], thin(1.0))?;
        if x - width_of(name) / 2.0 > free_from {
            canvas.text(name, (x, bottom + FOOT / 2.0 + 2.0), At::Middle)?;
            free_from = x + width_of(name) / 2.0 + GAP;
        }
    }
    for (index, line) in (0_u32..).zip(&lines) {
        let style = line.color.stroke_width(2);
        let y = (f64::from(index) + 0.5) * LEGEND;
        canvas.path(&[(left, y), (left + 24.0, y)], style)?;
        canvas.text(&heading(line.column), (left + 24.0 + GAP, y), At::Left)?;
        let at = |(size, cell): &(f64, Quartiles)| (sizes_at.at(*size), values_at.at(cell.median));
        canvas.path(&line.points.iter().map(at).collect::<Vec<_>>(), style)?;
        for point in &line.points {
            let (x, y) = at(point);
            let quartiles = (values_at.at(point.1.low), values_at.at(point.1.high));
            canvas.path(&[(x, quartiles.0), (x, quartiles.1)], style)?;
            canvas.dot((x, y), line.color)?;
        }
    }
    canvas.end()?;
    drop(canvas);
    Ok(Some(svg))
}

fn line(section: &Section, column: usize, color: RGBColor) -> Option<Line<'_>> {
    let mut points: Vec<(f64, Quartiles)> = section
        .rows
        .iter()
        .filter_map(|row| Some((size_of(&row.name)?, (*row.cells.get(column)?)?)))
        .collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    let column = section.columns.get(column)?;
    (!points.is_empty()).then_some(Line {
        column,
        color,
        points,
    })
}

/// From zero, or in equal steps for equal growth where the figures lie far apart.
fn values(lines: &[Line<'_>], pixels: (f64, f64)) -> Option<Axis> {
    let cells = || {
        lines
            .iter()
            .flat_map(|line| &line.points)
            .map(|(_, cell)| cell)
    };
    let most = cells().map(|cell| cell.median).fold(0.0, f64::max);
    let least = cells().map(|cell| cell.median).fold(f64::MAX, f64::min);
    cells().next()?;
    if least > 0.0 && most / least > LINEAR {
        let all = cells().flat_map(|cell| [cell.low, cell.high]);
        Axis::logarithmic(all, 1.2, pixels)
    } else {
        Some(Axis::linear(cells().map(|cell| cell.high), pixels))
    }
}

/// The number that a name begins with: `1,000 routes`, `10 kB`, `1 MiB`. `None` where it begins with none.
fn size_of(name: &str) -> Option<f64> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, ',' | '_' | '.');
    let (number, rest) = name.split_at(name.find(|c| !digits(c)).unwrap_or(name.len()));
    let number: f64 = number.replace([',', '_'], "").parse().ok()?;
    let unit = rest.split_whitespace().next().unwrap_or_default();
    let factor = match unit {
        "k" | "kB" => 1e3,
        "M" | "MB" => 1e6,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        _ => 1.0,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_with_its_unit() {
        for (name, size) in [
            ("16", Some(16.0)),
            ("1,000 routes", Some(1000.0)),
            ("1_000_000", Some(1e6)),
            ("100 B", Some(100.0)),
            ("10 kB", Some(10_000.0)),
            ("1MB", Some(1e6)),
            ("64 KiB", Some(65_536.0)),
            ("users", None),
            ("", None),
        ] {
            assert_eq!(size_of(name), size, "{name}");
        }
    }
}
