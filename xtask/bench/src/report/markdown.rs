//! The report as pieces of Markdown, which a page of the book includes.

use std::fmt::Write as _;

use super::digits::{Shown, bound, heading, measured, verdict};
use crate::model::{Report, Section};

/// The first line of each file.
const WRITTEN: &str = "<!-- written by cargo xtask bench --plots -->\n\n";

/// Each file's name, without `.md`, and its text.
///
/// A page that includes one lies in a folder beside that of the figures, which is called `figures`: so the picture of a
/// section is found.
pub(super) fn files(report: &Report, is_drawn: impl Fn(&Section) -> bool) -> Vec<(String, String)> {
    let mut files = vec![
        ("machine".to_owned(), machine(report)),
        ("goals".to_owned(), goals(report)),
    ];
    files.extend(report.sections.iter().map(|one| {
        let text = section(report, one, is_drawn(one));
        (one.name.clone(), text)
    }));
    files
}

fn machine(report: &Report) -> String {
    let machine = &report.machine;
    let mut text = begin(report);
    let mut row = |what: &str, value: &str| {
        let _ = writeln!(text, "| {what} | {} |", cell(value));
    };
    row("machine", &machine.cpu);
    row("---", "---");
    row("cores", &machine.cores.to_string());
    row("memory", &format!("{} MiB", machine.memory_mib));
    row("kernel", &format!("Linux {}", machine.kernel));
    row("compiler", &machine.rustc);
    row("commit", &machine.commit);
    row("time", &format!("{}, {} s", machine.began, machine.seconds));
    row(
        "load average of a minute",
        &format!(
            "{:.2} before, {:.2} after",
            machine.load_before, machine.load_after
        ),
    );
    row("void windows", &report.void.len().to_string());
    text
}

fn goals(report: &Report) -> String {
    let mut text = begin(report);
    text += "| what | goal | measured | | of what |\n| --- | --- | --- | --- | --- |\n";
    for goal in &report.goals {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            cell(&goal.what),
            cell(&bound(goal)),
            cell(&measured(goal)),
            match verdict(report, goal) {
                "MISSED" => "**missed**",
                other => other,
            },
            cell(&goal.of)
        );
    }
    text
}

fn section(report: &Report, section: &Section, drawn: bool) -> String {
    let mut text = begin(report);
    let _ = writeln!(text, "{}\n", cell(&section.about));
    if section.rows.is_empty() {
        text += "Nothing was measured.\n";
        return text;
    }
    text += "| |";
    for column in &section.columns {
        let _ = write!(text, " {} |", cell(&heading(column)));
    }
    text += "\n| --- |";
    text += &" ---: |".repeat(section.columns.len());
    text.push('\n');
    for row in &section.rows {
        let _ = write!(text, "| {} |", cell(&row.name));
        for index in 0..section.columns.len() {
            let shown = row.cells.get(index).and_then(Option::as_ref);
            let shown = match shown.map(Shown::of) {
                None => "-".to_owned(),
                Some(Shown {
                    median,
                    range: None,
                }) => median,
                Some(Shown {
                    median,
                    range: Some(range),
                }) => format!("{median}<br><small>{range}</small>"),
            };
            let _ = write!(text, " {shown} |");
        }
        text.push('\n');
    }
    if drawn {
        let (title, name) = (cell(&section.title), &section.name);
        let _ = write!(text, "\n![{title}](../figures/{name}.svg)\n");
    }
    text
}

fn begin(report: &Report) -> String {
    let mut text = WRITTEN.to_owned();
    if report.quick {
        text += "**From a quick run: no figure here counts.**\n\n";
    }
    text
}

/// Text that means itself, in one line. What is between a pair of backticks is code.
fn cell(text: &str) -> String {
    let pairs = text.matches('`').count().is_multiple_of(2);
    let mut code = false;
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => written.push(' '),
            '|' => written += "\\|",
            '`' if pairs => {
                code = !code;
                written.push('`');
            }
            _ if code => written.push(character),
            '*' | '_' | '[' | ']' | '\\' | '`' => {
                written.push('\\');
                written.push(character);
            }
            '<' => written += "&lt;",
            '&' => written += "&amp;",
            _ => written.push(character),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::made;

    fn file(report: &Report, name: &str) -> String {
        let files = files(report, |section| section.plot.is_some());
        let found = files.into_iter().find(|(called, _)| called == name);
        found.unwrap().1
    }

    #[test]
    fn a_section_is_a_table_with_its_picture() {
        let expected = r#"<!-- written by cargo xtask bench --plots -->

One worker each.

| | CPU per request, µs | answers, /s | of bare |
| --- | ---: | ---: | ---: |
| bare | 101<br><small>99..103</small> | 9,876<br><small>9,800..10,100</small> | 1.00 |
| with msf &lt;full> &amp; "all" | 125<br><small>120..126</small> | - | - |
| broken | - | - | - |

![A call over two hops](../figures/two-hops.svg)
"#;
        assert_eq!(file(&made(), "two-hops"), expected);
        assert!(file(&made(), "routes").contains("\nOne \\| two\\_three, `a_b < c`.\n"));
        let empty = file(&made(), "empty");
        assert!(empty.contains("Nothing was measured.") && !empty.contains("| ---"));
    }

    #[test]
    fn a_backtick_alone_is_no_code() {
        assert_eq!(cell("a_b ` c_d"), "a\\_b \\` c\\_d");
    }

    #[test]
    fn a_goal_that_is_missed_stands_out() {
        let goals = file(&made(), "goals");
        assert!(
            goals.contains("| start | at most 50 ms | 61.5 \\[61.0..62.0\\] ms | **missed** |")
        );
        assert!(goals.contains("| idle memory | at most 15 MB | - | not measured |"));
    }

    #[test]
    fn every_file_of_a_quick_run_says_that_it_is_one() {
        let mut report = made();
        assert!(
            files(&report, |_| true)
                .iter()
                .all(|(_, text)| !text.contains("quick run"))
        );
        report.quick = true;
        for (name, text) in files(&report, |_| true) {
            assert!(
                text.contains("\n**From a quick run: no figure here counts.**\n"),
                "{name}"
            );
        }
    }
}
