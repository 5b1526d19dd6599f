//! From the start of a process to its first answer, its memory at rest, and the size of its program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::shop::{
    AUTH, Addresses, Form, GATEWAY, Ground, MAIL, PRODUCTS, SERVICES, USERS, fill, megabytes,
    prepare,
};
use super::{Bench, Found};
use crate::measure::{Place, Void, alternate, get, once};
use crate::model::{Bound, Column, Goal, Plot, Quartiles, Row, Section};

/// How many users and products are in a folder that is not empty.
const FILLED: usize = 1000;

/// One program on one kind of folder.
#[derive(Debug)]
struct Variant {
    program: &'static str,
    /// The folder that it finds; where there is none, it has a new one each time.
    data: Option<PathBuf>,
}

/// What one start showed.
#[derive(Clone, Copy, Debug)]
struct Started {
    first_answer: Duration,
    resident: u64,
}

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let ground = Ground::new(bench, "start")?;
    let (five, one) = (ground.scratch.join("five"), ground.scratch.join("one"));
    for (form, folder) in [(Form::Five, &five), (Form::One, &one)] {
        prepare(&ground, form, folder)?;
        fill(folder, FILLED)?;
    }
    let of = |program, data| Variant { program, data };
    let mut variants = Vec::new();
    for service in SERVICES {
        variants.push(of(service, Some(five.clone())));
        // The gateway keeps nothing but its keys.
        if service != GATEWAY {
            variants.push(of(service, None));
        }
    }
    variants.extend([of("shop", Some(one)), of("shop", None)]);

    let windows = alternate(
        "start",
        ground.pace,
        &mut variants,
        &mut bench.progress,
        |variant| start(&ground, variant),
    );
    let mut rows = Vec::new();
    for (variant, starts) in variants.iter().zip(&windows) {
        let program = ground.programs.join(variant.program);
        let size = std::fs::metadata(&program)?.len();
        let of = |value: fn(&Started) -> f64| Quartiles::of(starts.iter().map(value));
        rows.push(Row {
            name: variant.name(),
            cells: vec![
                of(|start| start.first_answer.as_secs_f64() * 1e3),
                of(|start| megabytes(start.resident)),
                Quartiles::of([megabytes(size)]),
                Quartiles::of(stripped(&program, &ground.scratch).map(megabytes)),
            ],
        });
    }
    let goals = vec![
        worst(
            &rows,
            0,
            "process start to first answered request",
            50.0,
            "ms",
        ),
        worst(&rows, 1, "idle memory of one service", 15.0, "MB"),
    ];
    let section = Section {
        name: "start".to_owned(),
        title: "Start, memory at rest, size".to_owned(),
        about: format!(
            "From before the process is made to the first answer over HTTP: of /livez, or of a route that answers \
             anybody where the service has one. Each service is alone, with the addresses of the others and no other \
             setting, on a folder with {FILLED} users and products or on an empty one. Memory is what is resident \
             after 1.5 s of quiet."
        ),
        columns: vec![
            Column::new("first answer", "ms"),
            Column::new("memory", "MB"),
            Column::new("program", "MB"),
            Column::new("stripped", "MB"),
        ],
        rows,
        plot: Some(Plot::Bars { column: 0 }),
    };
    Ok(Found {
        sections: vec![section],
        goals,
    })
}

fn start(ground: &Ground, variant: &Variant) -> Result<Started, Void> {
    let fresh = tempfile::tempdir_in(&ground.scratch)?;
    let data = variant.data.as_deref().unwrap_or(fresh.path());
    let arguments = match variant.program {
        "shop" => vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()],
        service => Addresses::reserve()?.arguments(service),
    };
    let process = ground.start(variant.program, &arguments, data, Place::Anywhere)?;
    let (status, body) = once(process.address()?, &get(variant.path(), None))?;
    let first_answer = process.started().elapsed();
    if status != 200 {
        let body = String::from_utf8_lossy(&body);
        return Err(Void::new(format!("{}: {status} {body}", variant.name())));
    }
    ground.rest();
    Ok(Started {
        first_answer,
        resident: process.memory()?.resident,
    })
}

impl Variant {
    fn name(&self) -> String {
        match &self.data {
            Some(_) => self.program.to_owned(),
            None => format!("{}, empty folder", self.program),
        }
    }

    /// What it answers anybody.
    fn path(&self) -> &'static str {
        match self.program {
            GATEWAY | AUTH => "/.well-known/jwks.json",
            MAIL => "/mail",
            USERS | PRODUCTS => "/livez",
            _ => "/api/v1/products",
        }
    }
}

/// The goal for the worst of the five on a folder that is there; what an empty one does to it is told beside it.
fn worst(rows: &[Row], column: usize, what: &str, most: f64, unit: &str) -> Goal {
    let of = |empty: bool| {
        let wanted = rows.iter().filter(|row| {
            !row.name.starts_with("shop") && row.name.contains("empty folder") == empty
        });
        let cells = wanted.filter_map(|row| Some((row, row.cells[column]?)));
        cells.max_by(|(_, one), (_, other)| one.median.total_cmp(&other.median))
    };
    let told = |(row, cell): (&Row, Quartiles)| format!("{} {:.1} {unit}", row.name, cell.median);
    let existing = of(false);
    let parts = [existing, of(true)].into_iter().flatten().map(told);
    Goal {
        what: what.to_owned(),
        bound: Bound::AtMost(most),
        unit: unit.to_owned(),
        measured: existing.map(|(_, cell)| cell),
        of: format!(
            "worst of the five: {}",
            parts.collect::<Vec<_>>().join("; ")
        ),
    }
}

/// The size without symbols, where there is a program that takes them out.
fn stripped(program: &Path, scratch: &Path) -> Option<u64> {
    let target = scratch.join("stripped");
    let ended = Command::new("strip")
        .arg("-o")
        .arg(&target)
        .arg(program)
        .stderr(Stdio::null())
        .status();
    ended.ok().filter(std::process::ExitStatus::success)?;
    Some(std::fs::metadata(&target).ok()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goal_is_for_the_worst_service_on_a_folder_that_is_there() {
        let row = |name: &str, value| Row {
            name: name.to_owned(),
            cells: vec![Quartiles::of([value])],
        };
        let rows = [
            row("auth-service", 12.0),
            row("user-service", 14.0),
            row("user-service, empty folder", 99.0),
            row("shop", 30.0),
        ];
        let goal = worst(&rows, 0, "start", 50.0, "ms");
        assert_eq!(goal.measured, Quartiles::of([14.0]));
        assert_eq!(
            goal.of,
            "worst of the five: user-service 14.0 ms; user-service, empty folder 99.0 ms"
        );
    }
}
