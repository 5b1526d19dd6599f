//! How the cost grows: with connections, routes, and the length of bodies.

use bytes::Bytes;

use super::shop::Ground;
use super::two_hops::{Kind, Pair, ratio};
use super::{Bench, Found};
use crate::measure::{Repeat, Void, Window, alternate, post};
use crate::model::{Column, Plot, Quartiles, Row, Section};
use crate::servers::rung::Rung;

const CONNECTIONS: [usize; 3] = [1, 16, 256];
const ROUTES: [u32; 3] = [10, 100, 1_000];
const BODIES: [(usize, &str); 3] = [(100, "100 B"), (10_000, "10 kB"), (1_000_000, "1 MB")];

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let sections = vec![connections(bench)?, routes(bench)?, bodies(bench)?];
    Ok(Found {
        sections,
        goals: Vec::new(),
    })
}

/// One size, on bare and on full.
struct Step {
    name: String,
    size: usize,
    is_bare: bool,
}

impl Step {
    /// A pair of its own for each window, as in the table above.
    fn pair(&self, ground: &Ground, routes: usize) -> Result<Pair, Void> {
        let kind = if self.is_bare {
            Kind::Rung(Rung::Bare)
        } else {
            Kind::Full
        };
        let routes = u32::try_from(routes).unwrap_or(u32::MAX);
        Pair::start(ground, kind, routes)
    }
}

fn steps<'a, T: Copy + 'a>(
    sizes: impl IntoIterator<Item = T> + Clone,
    name: impl Fn(T) -> (usize, String),
) -> Vec<Step> {
    let of = |is_bare| {
        let name = &name;
        sizes.clone().into_iter().map(move |size| {
            let (size, name) = name(size);
            Step {
                name,
                size,
                is_bare,
            }
        })
    };
    of(true).chain(of(false)).collect()
}

fn connections(bench: &mut Bench) -> Result<Section, Void> {
    let ground = Ground::new(bench, "growth")?;
    let mut steps = steps(CONNECTIONS, |count| (count, format!("{count} connections")));
    let pace = bench.pace;
    let windows = alternate(
        "connections",
        pace,
        &mut steps,
        &mut bench.progress,
        |step| {
            let pair = step.pair(&ground, 2)?;
            pair.window(pace, step.size, &pair.get_user())
        },
    );
    let about = "The call of the table above, by this many connections at once.";
    Ok(section(
        "connections",
        "Growth with connections",
        about,
        &steps,
        &windows,
    ))
}

fn routes(bench: &mut Bench) -> Result<Section, Void> {
    let mut steps = steps(ROUTES, |count| (count as usize, format!("{count} routes")));
    let ground = Ground::new(bench, "growth")?;
    let pace = bench.pace;
    let windows = alternate("routes", pace, &mut steps, &mut bench.progress, |step| {
        let pair = step.pair(&ground, step.size)?;
        pair.window(pace, 32, &pair.get_user())
    });
    let about =
        "The call of the table above, at a gateway with this many routes, each with a rule.";
    Ok(section(
        "routes",
        "Growth with routes",
        about,
        &steps,
        &windows,
    ))
}

fn bodies(bench: &mut Bench) -> Result<Section, Void> {
    let ground = Ground::new(bench, "growth")?;
    let mut steps = steps(BODIES, |(bytes, name)| (bytes, name.to_owned()));
    let pace = bench.pace;
    let windows = alternate("bodies", pace, &mut steps, &mut bench.progress, |step| {
        let pair = step.pair(&ground, 2)?;
        let json = Bytes::from(format!(r#"{{"text":"{}"}}"#, "a".repeat(step.size - 11)));
        let repeat = Repeat {
            request: post("/v1/echo", pair.token(), &json),
            body: json,
        };
        pair.window(pace, 8, &repeat)
    });
    let about = "A JSON body of this length, sent through the gateway to the service and back, by 8 connections at once.";
    Ok(section(
        "bodies",
        "Growth with the length of bodies",
        about,
        &steps,
        &windows,
    ))
}

/// A row for each size; the steps of bare come first, those of full in the same order behind them.
fn section(
    name: &str,
    title: &str,
    about: &str,
    steps: &[Step],
    windows: &[Vec<Window>],
) -> Section {
    let (bare, full) = windows.split_at(windows.len() / 2);
    let rows = steps.iter().zip(bare).zip(full);
    let rows = rows.map(|((step, bare), full)| Row {
        name: step.name.clone(),
        cells: vec![
            Quartiles::of(bare.iter().map(Window::cpu_per_request)),
            Quartiles::of(full.iter().map(Window::cpu_per_request)),
            ratio(full, bare),
            Quartiles::of(full.iter().map(Window::per_second)),
            Quartiles::of(full.iter().map(|window| window.p99.as_secs_f64() * 1e3)),
        ],
    });
    Section {
        name: name.to_owned(),
        title: title.to_owned(),
        about: about.to_owned(),
        columns: vec![
            Column::new("bare, CPU per request", "µs"),
            Column::new("full, CPU per request", "µs"),
            Column::new("requests per CPU second, of bare", ""),
            Column::new("full, requests", "/s"),
            Column::new("full, p99", "ms"),
        ],
        rows: rows.collect(),
        plot: Some(Plot::Lines {
            columns: vec![0, 1],
        }),
    }
}
