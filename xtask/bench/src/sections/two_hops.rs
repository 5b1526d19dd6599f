//! A call over two hops, with and without msf.

use std::process::Command;

use bytes::Bytes;

use super::shop::Ground;
use super::{Bench, Found};
use crate::measure::{Place, Process, Repeat, Void, Window, alternate, get, load};
use crate::model::{Bound, Column, Goal, Plot, Quartiles, Row, Section};
use crate::servers::rung::Rung;

/// How many connections are busy at once.
const CONNECTIONS: usize = 32;

/// A gateway and the service behind it.
///
/// Each window has a pair of its own: where a process happens to lie in memory makes it faster or slower for all its life.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) gateway: Process,
    pub(super) users: Process,
}

/// What a pair is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By hand, with the layers of the rung.
    Rung(Rung),
    /// Bare once more: how far two rows differ that are the same.
    Control,
    /// Two apps with their defaults.
    Full,
    /// The same, without tokens.
    Public,
    /// As full, without the line of each request.
    Lean,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Rung(rung) => rung.name(),
            Self::Control => "control",
            Self::Full => "full",
            Self::Public => "full, public",
            Self::Lean => "lean",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Rung(Rung::Bare) => "bare: axum, tonic, the handlers",
            Self::Rung(Rung::Context) => "+ correlation id, trace, deadline",
            Self::Rung(Rung::Access) => "+ access rules",
            Self::Rung(Rung::Metrics) => "+ span and metrics",
            Self::Rung(Rung::Log) => "+ log line",
            Self::Rung(Rung::Panic) => "+ panics caught",
            Self::Rung(Rung::InFlight) => "+ bound on requests in hand",
            Self::Rung(Rung::Deadline) => "+ deadline kept",
            Self::Rung(Rung::Tokens) => "+ token verified, identity proven",
            Self::Rung(Rung::Client) => "+ msf's client",
            Self::Control => "bare once more, as a control",
            Self::Full => "full: two apps (accept loop, body limit, probes)",
            Self::Public => "full, public routes without tokens",
            Self::Lean => "lean: full without the log line",
        }
    }
}

impl Pair {
    /// What the gateway answers to [`get_user`](Self::get_user).
    pub(super) const USER: &[u8] = br#"{"id":"user-7","name":"Ana Maria Example-Lindqvist","email":"ana.maria.example-lindqvist@example.com","role":"user"}"#;

    /// Starts both, the gateway on the measured core, with `routes` routes.
    pub(super) fn start(ground: &Ground, kind: Kind, routes: u32) -> Result<Self, Void> {
        let keys = ground.scratch.join("keys");
        let quiet = "log.level=info,msf::request=off";
        let start = |program: &str, place, arguments: &[&str]| {
            let mut command = Command::new(ground.programs.join(program));
            command.args(arguments);
            let name = format!("{program}-{}", kind.name().replace([' ', ','], ""));
            Process::start(&name, &mut command, place, &ground.cores, &ground.scratch)
        };
        let (keys, routes) = (keys.to_string_lossy(), routes.to_string());
        let (gateway, users) = match kind {
            Kind::Rung(_) | Kind::Control => {
                let rung = match kind {
                    Kind::Rung(rung) => rung,
                    _ => Rung::Bare,
                };
                let common = ["--rung", rung.name(), "--keys", &keys];
                let users = start(
                    "bench-rung",
                    Place::Other,
                    &[&["users"], &common[..]].concat(),
                )?;
                let own = ["--users", users.address()?, "--routes", &routes];
                let arguments = [&["gateway"], &common[..], &own].concat();
                (start("bench-rung", Place::Measured, &arguments)?, users)
            }
            Kind::Full | Kind::Public | Kind::Lean => {
                let keys = format!("keys={keys}");
                let mut common = vec!["--listen", "127.0.0.1:0"];
                if kind != Kind::Public {
                    common.extend(["--set", &keys]);
                }
                if kind == Kind::Lean {
                    common.extend(["--set", quiet]);
                }
                let users = start("bench-users", Place::Other, &common)?;
                let url = format!("clients.bench-users.url=http://{}", users.address()?);
                let routes = format!("routes={routes}");
                let own = ["--set", &url, "--set", &routes];
                let arguments = [&common[..], &own].concat();
                (start("bench-gateway", Place::Measured, &arguments)?, users)
            }
        };
        let name = kind.about().to_owned();
        Ok(Self {
            name,
            gateway,
            users,
        })
    }

    /// One window of `connections` connections that send the same request again and again.
    pub(super) fn window(
        &self,
        bench_pace: crate::measure::Pace,
        connections: usize,
        repeat: &Repeat,
    ) -> Result<Window, Void> {
        let scripts = vec![repeat.clone(); connections];
        let measured = [&self.gateway, &self.users];
        load(bench_pace, self.gateway.address()?, scripts, &measured)
            .map_err(|void| Void::new(format!("{}: {void}", self.name)))
    }

    /// The token of the pair's own issuer; none where the pair takes none.
    pub(super) fn token(&self) -> Option<&str> {
        self.gateway.ready()["token"].as_str()
    }

    /// A user is asked for.
    pub(super) fn get_user(&self) -> Repeat {
        Repeat {
            request: get("/v1/users/user-7", self.token()),
            body: Bytes::from_static(Self::USER),
        }
    }
}

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let rungs = Rung::ALL.into_iter().map(Kind::Rung);
    let mut kinds: Vec<Kind> = rungs
        .chain([Kind::Full, Kind::Lean, Kind::Public, Kind::Control])
        .collect();
    let ground = Ground::new(bench, "two-hops")?;
    let pace = ground.pace;
    let windows = alternate("two-hops", pace, &mut kinds, &mut bench.progress, |kind| {
        let pair = Pair::start(&ground, *kind, 2)?;
        pair.window(pace, CONNECTIONS, &pair.get_user())
    });
    let of = |kind: Kind| {
        let index = kinds.iter().position(|other| *other == kind);
        index.map_or(&[][..], |index| &windows[index])
    };
    let bare = of(Kind::Rung(Rung::Bare));
    let rows = kinds.iter().zip(&windows).enumerate();
    let rows = rows.map(|(index, (kind, own))| {
        // Apps are compared with the highest rung, rungs with the one below.
        let below = match kind {
            Kind::Rung(Rung::Bare) | Kind::Lean | Kind::Public | Kind::Control => None,
            Kind::Rung(_) | Kind::Full => Some(&windows[index - 1][..]),
        };
        Row {
            name: kind.about().to_owned(),
            cells: vec![
                Quartiles::of(own.iter().map(Window::cpu_per_request)),
                below.and_then(|below| Quartiles::of(differences(own, below))),
                ratio(own, bare),
                Quartiles::of(own.iter().map(|window| window.cpu_per_request_of(0))),
                Quartiles::of(own.iter().map(|window| window.cpu_per_request_of(1))),
                Quartiles::of(own.iter().map(Window::per_second)),
                Quartiles::of(own.iter().map(|window| window.p50.as_secs_f64() * 1e3)),
                Quartiles::of(own.iter().map(|window| window.p99.as_secs_f64() * 1e3)),
            ],
        }
    });
    let section = Section {
        name: "two-hops".to_owned(),
        title: "A call over two hops".to_owned(),
        about: format!(
            "GET of 120 bytes of JSON: gateway (HTTP/1.1) to service (gRPC over TCP). {CONNECTIONS} connections, each sends \
             its next request when the answer is there. CPU is that of both processes; the gateway has a core of its own. \
             Each row has all layers of the rows above it, and each window has processes that were started for it."
        ),
        columns: vec![
            Column::new("CPU per request", "µs"),
            Column::new("more than the row above", "µs"),
            Column::new("requests per CPU second, of bare", ""),
            Column::new("of it the gateway", "µs"),
            Column::new("of it the service", "µs"),
            Column::new("requests", "/s"),
            Column::new("p50", "ms"),
            Column::new("p99", "ms"),
        ],
        rows: rows.collect(),
        plot: Some(Plot::Bars { column: 0 }),
    };
    let goal = |what: &str, kind, least| Goal {
        what: what.to_owned(),
        bound: Bound::AtLeast(least),
        unit: String::new(),
        measured: ratio(of(kind), bare),
        of: "requests per CPU second, of bare, in the same round".to_owned(),
    };
    Ok(Found {
        sections: vec![section],
        goals: vec![
            goal("full stack of a call over two hops", Kind::Full, 0.80),
            goal(
                "context and access rule alone",
                Kind::Rung(Rung::Access),
                0.95,
            ),
        ],
    })
}

/// Requests per CPU second of `own`, as a part of those of `bare` in the same round.
pub(super) fn ratio(own: &[Window], bare: &[Window]) -> Option<Quartiles> {
    let pairs = own.iter().zip(bare);
    Quartiles::of(pairs.map(|(own, bare)| bare.cpu_per_request() / own.cpu_per_request()))
}

fn differences(own: &[Window], below: &[Window]) -> Vec<f64> {
    own.iter()
        .zip(below)
        .map(|(own, below)| own.cpu_per_request() - below.cpu_per_request())
        .collect()
}
