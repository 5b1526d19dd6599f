//! What the pieces of a request cost, each by itself, and tokens beside the primitives that they are made of.

use std::time::Duration;

use super::{Bench, Found};
use crate::measure::{CpuClock, Void, alternate};
use crate::model::{Bound, Column, Goal, Plot, Quartiles, Row, Section};

mod piece;
mod work;

use piece::Piece;

/// How many tokens there are: no processor has all of them at hand.
const TOKENS: usize = 1000;
const FEW_TOKENS: usize = 8;

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let tokens = if bench.quick { FEW_TOKENS } else { TOKENS };
    let mut pieces = work::pieces(tokens)?;
    let names: Vec<_> = pieces
        .iter()
        .map(|piece| (piece.name, piece.beside))
        .collect();
    // A tenth of what a window of load takes: nothing has to come to rest here.
    let window = (bench.pace.window / 10).max(Duration::from_millis(1));
    let measure = |piece: &mut Piece| {
        let cost = CpuClock::Thread.per_call(window, |times| (piece.calls)(times));
        cost.map_err(|void| Void::new(format!("{}: {void}", piece.name)))
    };
    let progress = &mut bench.progress;
    let windows = alternate("pieces", bench.pace, &mut pieces, progress, measure);

    let of = |name: &str| {
        let found = names.iter().position(|(other, _)| *other == name);
        found.map_or(&[][..], |index| &windows[index][..])
    };
    let ratio = |name: &str, beside: &str| {
        let pairs = of(name).iter().zip(of(beside));
        Quartiles::of(pairs.map(|(own, other)| own / other))
    };
    let rows = names.iter().map(|(name, beside)| Row {
        name: (*name).to_owned(),
        cells: vec![
            Quartiles::of(of(name).iter().copied()),
            beside.and_then(|beside| ratio(name, beside)),
        ],
    });
    let section = Section {
        name: "pieces".to_owned(),
        title: "The pieces of a request".to_owned(),
        about: format!(
            "CPU time of one thread for each call, in windows of {} ms. Tokens are those of the shop, EdDSA, {tokens} of them in \
             turn. The bare check of a signature is given the decoded signature; both read the key anew.",
            window.as_millis()
        ),
        columns: vec![
            Column::new("CPU per call", "ns"),
            Column::new("of what is bare", ""),
        ],
        rows: rows.collect(),
        plot: Some(Plot::Bars { column: 0 }),
    };
    let goal = |name: &str, beside: &str, most| Goal {
        what: format!("{name}, of {beside}"),
        bound: Bound::AtMost(most),
        unit: String::new(),
        measured: ratio(name, beside),
        of: "CPU time of both in the same round".to_owned(),
    };
    Ok(Found {
        sections: vec![section],
        goals: vec![
            goal(work::MISS, work::SIGNATURE, 1.15),
            goal(work::HIT, work::HASH, 1.6),
        ],
    })
}
