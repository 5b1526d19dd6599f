//! The report as text.

use std::fmt::Write as _;

use super::digits::{Shown, bound, heading, measured, verdict};
use crate::model::{Machine, Report, Section};

/// Between two columns.
const GAP: &str = "   ";
/// Of a line of words.
const WIDTH: usize = 110;
/// A heading shorter than this is never broken.
const HEADING: usize = 12;

/// The whole report: where it was measured, every section, the goals; loudly, what of it does not count.
pub(crate) fn table(report: &Report) -> String {
    let mut parts = vec![machine(&report.machine)];
    let notes = warnings(report);
    parts.extend(notes.clone());
    parts.extend(report.sections.iter().map(section));
    if !report.goals.is_empty() {
        parts.push(goals(report));
    }
    // Once more at the end, where a reader of a long log looks first.
    parts.extend(notes);
    let mut text = parts.join("\n\n");
    text.push('\n');
    text
}

fn machine(machine: &Machine) -> String {
    let Machine {
        cpu,
        cores,
        memory_mib,
        kernel,
        rustc,
        commit,
        began,
        seconds,
        load_before,
        load_after,
    } = machine;
    format!(
        "machine        {cpu}, {cores} cores, {memory_mib} MiB, Linux {kernel}\n\
         load average   {load_before:.2} before, {load_after:.2} after\n\
         built          {commit}, {rustc}\n\
         began          {began}, took {seconds} s"
    )
}

fn warnings(report: &Report) -> Option<String> {
    let mut lines = Vec::new();
    if report.quick {
        lines.push("QUICK RUN: no figure counts. It shows that everything works.".to_owned());
    }
    if !report.void.is_empty() {
        let count = report.void.len();
        lines.push(format!("VOID: {count} windows or sections do not count:"));
        lines.extend(report.void.iter().map(|why| format!("  {why}")));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn section(section: &Section) -> String {
    let about = wrapped(&section.about, WIDTH);
    let mut text = format!("== {}: {}\n{about}\n\n", section.name, section.title);
    if section.rows.is_empty() {
        text += "nothing was measured";
        return text;
    }
    let names = section.rows.iter().map(|row| row.name.clone());
    let mut columns = vec![(String::new(), pad(names, false))];
    for (index, column) in section.columns.iter().enumerate() {
        let cells = section.rows.iter().map(|row| row.cells.get(index));
        let shown: Vec<_> = cells
            .map(|cell| cell.and_then(Option::as_ref).map(Shown::of))
            .collect();
        let medians = shown.iter().map(|cell| {
            let median = cell.as_ref().map(|cell| cell.median.clone());
            median.unwrap_or_else(|| "-".to_owned())
        });
        let ranges = shown.iter().map(|cell| {
            let range = cell.as_ref().and_then(|cell| cell.range.as_ref());
            range.map(|range| format!(" [{range}]")).unwrap_or_default()
        });
        let cells = pad(medians, true).into_iter().zip(pad(ranges, false));
        let cells = cells.map(|(median, range)| median + &range).collect();
        columns.push((heading(column), cells));
    }
    text + &lines(&headed(columns))
}

/// Puts each heading above its cells, in as many lines as it needs to be hardly wider than they are.
fn headed(columns: Vec<(String, Vec<String>)>) -> Vec<Vec<String>> {
    let broken = columns.into_iter().map(|(heading, cells)| {
        let width = cells.iter().map(|cell| cell.chars().count()).max();
        let heading = wrapped(&heading, width.unwrap_or_default().max(HEADING));
        let lines: Vec<String> = heading.lines().map(str::to_owned).collect();
        (lines, cells)
    });
    let broken: Vec<_> = broken.collect();
    let height = broken.iter().map(|(lines, _)| lines.len()).max();
    let height = height.unwrap_or_default();
    broken
        .into_iter()
        .map(|(lines, cells)| {
            let above = vec![String::new(); height - lines.len()];
            pad(above.into_iter().chain(lines).chain(cells), true)
        })
        .collect()
}

fn goals(report: &Report) -> String {
    let column =
        |head: &str, cells: Vec<String>| pad(std::iter::once(head.to_owned()).chain(cells), false);
    let each = |of: &dyn Fn(&crate::model::Goal) -> String| report.goals.iter().map(of).collect();
    let columns = [
        column("goal", each(&|goal| goal.what.clone())),
        column("bound", each(&bound)),
        column("measured", each(&measured)),
        column("", each(&|goal| verdict(report, goal).to_owned())),
        column("of", each(&|goal| goal.of.clone())),
    ];
    let missed = report
        .goals
        .iter()
        .filter(|goal| goal.is_met() == Some(false));
    let mut text = format!("== goals\n\n{}", lines(&columns));
    if !report.quick {
        let _ = write!(
            text,
            "\n\n{} of {} goals missed",
            missed.count(),
            report.goals.len()
        );
    }
    text
}

/// All as wide as the widest.
fn pad(cells: impl IntoIterator<Item = String>, right: bool) -> Vec<String> {
    let cells: Vec<String> = cells.into_iter().collect();
    let width = cells.iter().map(|cell| cell.chars().count()).max();
    let width = width.unwrap_or_default();
    cells
        .into_iter()
        .map(|cell| {
            if right {
                format!("{cell:>width$}")
            } else {
                format!("{cell:width$}")
            }
        })
        .collect()
}

/// The same words in lines of at most `width` letters, where no word is longer.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map(|line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line == Some(0) => last.push_str(word),
            Some(last) if line.unwrap_or(0) + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// Columns side by side; no line ends in blanks.
fn lines(columns: &[Vec<String>]) -> String {
    let height = columns.first().map(Vec::len).unwrap_or_default();
    let line = |at: usize| {
        let cells: Vec<&str> = columns
            .iter()
            .filter_map(|column| column.get(at).map(String::as_str))
            .collect();
        cells.join(GAP).trim_end().to_owned()
    };
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::made;

    #[test]
    fn columns_are_aligned_and_what_is_missing_is_a_dash() {
        let text = table(&made());
        let begin = text.find("== two-hops").unwrap();
        let end = text.find("== routes").unwrap();
        let expected = r#"
== two-hops: A call over two hops
One worker each.

                                 CPU per
                             request, µs             answers, /s   of bare
bare                      101 [99..103]    9,876 [9,800..10,100]      1.00
with msf <full> & "all"   125 [120..126]       -                         -
broken                      -                  -                         -
"#;
        assert_eq!(text[begin..end].trim_end(), expected.trim());
    }

    #[test]
    fn the_machine_and_its_load_come_first_and_the_goals_last() {
        let text = table(&made());
        assert!(text.starts_with("machine        A processor, 2 cores, 7800 MiB, Linux 6.1.0\n"));
        assert_eq!(
            text.lines().nth(1),
            Some("load average   0.31 before, 1.87 after")
        );
        let expected = "
goal                bound           measured                              of
full against bare   at least 0.8    0.813 [0.805..0.820]   met            two-hops
start               at most 50 ms   61.5 [61.0..62.0] ms   MISSED         two-hops
idle memory         at most 15 MB   -                      not measured   two-hops

1 of 3 goals missed
";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        let text = "µ".repeat(60) + " " + &"a ".repeat(40) + &"b".repeat(120) + " c";
        let wrapped = wrapped(&text, 110);
        let lines: Vec<usize> = wrapped.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lines, [110, 29, 120, 1]);
        assert_eq!(wrapped.replace('\n', " "), text);
        assert_eq!(super::wrapped("", 110), "");
    }

    #[test]
    fn a_section_without_rows_says_so() {
        let text = table(&made());
        assert!(text.contains("== empty: Nothing\nNo window counted.\n\nnothing was measured\n"));
    }

    #[test]
    fn what_does_not_count_is_said_before_and_after_the_figures() {
        let sound = table(&made());
        assert!(!sound.contains("QUICK") && !sound.contains("VOID"));
        let mut report = made();
        report.quick = true;
        report.void = vec!["two-hops, round 2: answer 503".to_owned()];
        let text = table(&report);
        for warning in [
            "QUICK RUN: no figure counts",
            "VOID: 1 ",
            "\n  two-hops, round 2: answer 503\n",
        ] {
            let at: Vec<usize> = text.match_indices(warning).map(|(at, _)| at).collect();
            let figures = text.find("101 [").unwrap();
            assert_eq!(at.len(), 2, "{warning}: {text}");
            assert!(at[0] < figures && figures < at[1], "{warning}: {text}");
        }
        // No goal is met or missed by figures that do not count.
        assert!(!text.contains("MISSED") && !text.contains(" met ") && !text.contains("missed"));
        assert_eq!(text.matches("not judged").count(), 2);
    }
}
