//! What a run found, for people, for programs and for the book.

use std::fs;
use std::io;
use std::path::Path;

use crate::model::Report;

mod digits;
mod markdown;
mod plot;
mod table;

pub(crate) use table::table;

/// Writes the report as JSON, and for the book its tables as Markdown and its plots as SVG, where that is asked for.
pub(crate) fn write(report: &Report, json: Option<&Path>, plots: Option<&Path>) -> io::Result<()> {
    if let Some(file) = json {
        fs::write(file, serde_json::to_vec_pretty(report)?)?;
    }
    if let Some(folder) = plots {
        fs::create_dir_all(folder)?;
        let mut drawn = Vec::new();
        for section in &report.sections {
            if let Some(svg) = plot::draw(section)? {
                fs::write(folder.join(format!("{}.svg", section.name)), svg)?;
                drawn.push(&section.name);
            }
        }
        for (name, text) in markdown::files(report, |section| drawn.contains(&&section.name)) {
            fs::write(folder.join(format!("{name}.md")), text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bound, Column, Goal, Machine, Plot, Quartiles, Row, Section};

    fn quartiles(low: f64, median: f64, high: f64) -> Quartiles {
        Quartiles {
            low,
            median,
            high,
            windows: 6,
        }
    }

    fn row(name: &str, cells: Vec<Option<Quartiles>>) -> Row {
        Row {
            name: name.to_owned(),
            cells,
        }
    }

    /// A report that no machine measured, with all that is odd about one. Its figures are short: serde_json reads the last
    /// bit of a long one inexactly.
    pub(crate) fn made() -> Report {
        let two_hops = Section {
            name: "two-hops".to_owned(),
            title: "A call over two hops".to_owned(),
            about: "One worker each.".to_owned(),
            columns: vec![
                Column::new("CPU per request", "µs"),
                Column::new("answers", "/s"),
                Column::new("of bare", ""),
            ],
            rows: vec![
                row(
                    "bare",
                    vec![
                        Some(quartiles(99.2, 101.4, 103.0)),
                        Some(quartiles(9800.0, 9876.5, 10_100.0)),
                        Some(quartiles(1.0, 1.0, 1.0)),
                    ],
                ),
                row(
                    "with msf <full> & \"all\"",
                    vec![Some(quartiles(120.0, 125.0, 126.0)), None],
                ),
                row("broken", vec![]),
            ],
            plot: Some(Plot::Bars { column: 0 }),
        };
        let growth = Section {
            name: "routes".to_owned(),
            title: "Growth with routes".to_owned(),
            about: "One | two_three, `a_b < c`.".to_owned(),
            columns: vec![Column::new("bare", "µs"), Column::new("full", "µs")],
            rows: [("10", 40.0), ("100", 41.0), ("1,000 routes", 44.5)]
                .map(|(name, median)| {
                    let bare = quartiles(median - 1.0, median, median + 0.5);
                    let full = quartiles(median + 4.0, median + 8.0, median + 8.5);
                    row(name, vec![Some(bare), Some(full)])
                })
                .into(),
            plot: Some(Plot::Lines {
                columns: vec![0, 1],
            }),
        };
        let empty = Section {
            name: "empty".to_owned(),
            title: "Nothing".to_owned(),
            about: "No window counted.".to_owned(),
            columns: vec![Column::new("size", "MiB")],
            rows: vec![],
            plot: Some(Plot::Bars { column: 0 }),
        };
        let goal = |what: &str, bound, unit: &str, measured| Goal {
            what: what.to_owned(),
            bound,
            unit: unit.to_owned(),
            measured,
            of: "two-hops".to_owned(),
        };
        Report {
            machine: Machine {
                cpu: "A processor".to_owned(),
                cores: 2,
                memory_mib: 7800,
                kernel: "6.1.0".to_owned(),
                rustc: "rustc 1.89.0".to_owned(),
                commit: "0123abc".to_owned(),
                began: "2026-01-02T03:04:05Z".to_owned(),
                seconds: 312,
                load_before: 0.31,
                load_after: 1.87,
            },
            quick: false,
            sections: vec![two_hops, growth, empty],
            goals: vec![
                goal(
                    "full against bare",
                    Bound::AtLeast(0.8),
                    "",
                    Some(quartiles(0.805, 0.8126, 0.82)),
                ),
                goal(
                    "start",
                    Bound::AtMost(50.0),
                    "ms",
                    Some(quartiles(61.0, 61.5, 62.0)),
                ),
                goal("idle memory", Bound::AtMost(15.0), "MB", None),
            ],
            void: vec![],
        }
    }

    #[test]
    fn json_reads_back_equal() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        let mut report = made();
        report.void = vec!["two-hops, round 2: answer 503".to_owned()];
        write(&report, Some(&file), None).unwrap();
        let read: Report = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert_eq!(read, report);
    }

    #[test]
    fn the_book_gets_a_table_for_each_section_and_a_plot_where_there_is_something_to_draw() {
        let folder = tempfile::tempdir().unwrap();
        let plots = folder.path().join("new/figures");
        write(&made(), None, Some(&plots)).unwrap();
        let entries = fs::read_dir(&plots).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "empty.md",
                "goals.md",
                "machine.md",
                "routes.md",
                "routes.svg",
                "two-hops.md",
                "two-hops.svg"
            ]
        );
    }
}
