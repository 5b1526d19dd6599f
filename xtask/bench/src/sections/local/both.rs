//! The call over two hops, with both apps in one process, beside each in its own.

use std::process::Command;

use bytes::Bytes;

use super::super::shop::Ground;
use super::super::two_hops::{Kind, Pair};
use crate::measure::{Pace, Place, Process, Repeat, Void, Window, alternate, get, load};
use crate::model::{Column, Plot, Quartiles, Row, Section};
use crate::sections::Bench;

const CONNECTIONS: usize = 32;

/// Where the two apps are.
enum House {
    Apart(Pair),
    Together(Process),
}

impl House {
    fn together(bench: &Bench) -> Result<Self, Void> {
        let keys = bench.scratch.join("keys");
        let mut command = Command::new(bench.programs.join("bench-both"));
        command.args(["--listen", "127.0.0.1:0"]);
        for app in ["bench-gateway", "bench-users"] {
            let keys = format!("{app}.keys={}", keys.display());
            command.args(["--set", &keys]);
        }
        let (cores, folder) = (&bench.cores, &bench.scratch);
        let place = Place::Measured;
        Process::start("bench-both", &mut command, place, cores, folder).map(Self::Together)
    }

    fn window(&self, pace: Pace) -> Result<Window, Void> {
        match self {
            Self::Apart(pair) => pair.window(pace, CONNECTIONS, &pair.get_user()),
            Self::Together(both) => {
                let repeat = Repeat {
                    request: get("/v1/users/user-7", both.ready()["token"].as_str()),
                    body: Bytes::from_static(Pair::USER),
                };
                let scripts = vec![repeat; CONNECTIONS];
                load(pace, both.address()?, scripts, &[both])
                    .map_err(|void| Void::new(format!("one process: {void}")))
            }
        }
    }
}

pub(super) fn measure(bench: &mut Bench) -> Result<Section, Void> {
    let apart = House::Apart(Pair::start(
        &Ground::new(bench, "local-two-hops")?,
        Kind::Full,
        2,
    )?);
    let mut houses = [apart, House::together(bench)?];
    let pace = bench.pace;
    let windows = alternate(
        "local-two-hops",
        pace,
        &mut houses,
        &mut bench.progress,
        |house| house.window(pace),
    );
    let rows = [
        "a process for each app, over TCP",
        "both apps in one process",
    ];
    let rows = rows.into_iter().zip(&windows).map(|(name, own)| {
        let pairs = own.iter().zip(&windows[0]);
        let part = pairs.map(|(own, apart)| own.cpu_per_request() / apart.cpu_per_request());
        Row {
            name: name.to_owned(),
            cells: vec![
                Quartiles::of(own.iter().map(Window::cpu_per_request)),
                Quartiles::of(part),
                Quartiles::of(own.iter().map(|window| window.p50.as_secs_f64() * 1e3)),
            ],
        }
    });
    Ok(Section {
        name: "local-two-hops".to_owned(),
        title: "A call over two hops in one process".to_owned(),
        about: format!(
            "The full stack of two apps with tokens, as under two-hops, {CONNECTIONS} connections: as two processes, and as two \
             apps of one, on one core. CPU is that of all measured processes."
        ),
        columns: vec![
            Column::new("CPU per request", "µs"),
            Column::new("of two processes", ""),
            Column::new("p50", "ms"),
        ],
        rows: rows.collect(),
        plot: Some(Plot::Bars { column: 0 }),
    })
}
