//! What is measured: each section starts what it needs, measures, and ends it.

use std::path::PathBuf;

use crate::measure::{Cores, Pace, Void};
use crate::model::{Goal, Section};
use crate::progress::Progress;

mod growth;
mod local;
mod logins;
mod pieces;
mod services;
mod shop;
mod start;
mod store;
mod two_hops;

/// What `--only` knows, in the order of the report.
pub(crate) const NAMES: &[&str] = &[
    "two-hops", "growth", "local", "pieces", "start", "services", "logins", "store",
];

/// What a section works with.
pub(crate) struct Bench {
    pub(crate) pace: Pace,
    pub(crate) quick: bool,
    pub(crate) cores: Cores,
    /// The folder of the built programs.
    pub(crate) programs: PathBuf,
    /// A folder that is removed after the run.
    pub(crate) scratch: PathBuf,
    pub(crate) progress: Progress,
}

/// What a section found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) sections: Vec<Section>,
    pub(crate) goals: Vec<Goal>,
}

/// Measures the section `name`.
pub(crate) fn measure(name: &str, bench: &mut Bench) -> Result<Found, Void> {
    match name {
        "two-hops" => two_hops::measure(bench),
        "growth" => growth::measure(bench),
        "services" => services::measure(bench),
        "logins" => logins::measure(bench),
        "store" => store::measure(bench),
        "start" => start::measure(bench),
        "local" => local::measure(bench),
        "pieces" => pieces::measure(bench),
        _ => Err(Void::new(format!("no section called {name}"))),
    }
}
