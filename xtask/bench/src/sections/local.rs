//! A call inside the process, beside a function call and beside one over TCP.

mod both;

use msf_service::telemetry::{LogFormat, Options, Telemetry};

use super::{Bench, Found};
use crate::measure::{CpuClock, Void, alternate};
use crate::model::{Bound, Column, Goal, Plot, Quartiles, Row, Section};
use crate::servers::local::{Calls, Ways};

const DIRECT: usize = 0;
const IN_PROCESS: usize = 1;
const TCP: usize = 2;

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let mut found = calls(bench)?;
    found.sections.push(both::measure(bench)?);
    Ok(found)
}

/// One call, made in this process.
fn calls(bench: &mut Bench) -> Result<Found, Void> {
    let void = |error: msf_core::BoxError| Void::new(error.to_string());
    let options = Options::new("bench-local").format(LogFormat::Json);
    let telemetry = Telemetry::scoped(options.writer(std::io::sink()));
    let telemetry = telemetry.map_err(|error| Void::new(error.to_string()))?;
    let here = telemetry.set_default();
    let Ways {
        direct,
        in_process,
        tcp,
    } = Ways::open().map_err(void)?;
    let mut ways: [(&str, Calls); 3] = [
        ("function call through the same layers", direct),
        ("in the process", in_process),
        ("over TCP", tcp),
    ];
    let names = ways.each_ref().map(|(name, _)| *name);
    // Half of what a window of load takes: one call at a time has nothing to come to rest.
    let window = bench.pace.window / 2;
    let measure = |(name, calls): &mut (&str, Calls)| {
        let cost = CpuClock::Process.per_call(window, |times| calls(times).map_err(void));
        cost.map_err(|void| Void::new(format!("{name}: {void}")))
    };
    let windows = alternate("local", bench.pace, &mut ways, &mut bench.progress, measure);
    drop((ways, here));

    let micros = |way: usize| Quartiles::of(windows[way].iter().map(|nanos| nanos / 1e3));
    let ratio = |way: usize, other: usize| {
        let pairs = windows[way].iter().zip(&windows[other]);
        Quartiles::of(pairs.map(|(own, other)| own / other))
    };
    let rows = [DIRECT, IN_PROCESS, TCP].map(|way| Row {
        name: names[way].to_owned(),
        cells: vec![micros(way), ratio(way, DIRECT), ratio(way, TCP)],
    });
    let section = Section {
        name: "local".to_owned(),
        title: "A call in the process".to_owned(),
        about: "GetUser of a service with its defaults, behind a service's token and a rule, one call at a time. Client, \
                service and the loopback between them share one thread; CPU is that of the whole process, which also \
                writes the log lines (to nowhere). The function call has the layers, the rule and the method, and no \
                client, no routing, no message that is written or read."
            .to_owned(),
        columns: vec![
            Column::new("CPU per call", "µs"),
            Column::new("of the function call", ""),
            Column::new("of TCP", ""),
        ],
        rows: rows.into(),
        plot: Some(Plot::Bars { column: 0 }),
    };
    let goal = Goal {
        what: "gRPC in the process, of the same over TCP".to_owned(),
        bound: Bound::AtMost(0.5),
        unit: String::new(),
        measured: ratio(IN_PROCESS, TCP),
        of: "CPU of client and service in the same round".to_owned(),
    };
    Ok(Found {
        sections: vec![section],
        goals: vec![goal],
    })
}
