//! What each service of the shop carries: load through the gateway, on five processes and on one.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use msf_service::store::sqlite::rusqlite::{self, Connection, OpenFlags};
use serde_json::json;

use super::shop::{
    AUTH, Form, GATEWAY, Ground, MAIL, PRODUCTS, SERVICES, Shop, Talk, USERS, account, fill,
    for_hashes, login, login_request, megabytes, prepare, user_id, who_am_i,
};
use super::{Bench, Found};
use crate::measure::{Pace, Place, Process, Void, Window, alternate, get, load, post};
use crate::model::{Column, Plot, Quartiles, Row, Section};

const CONNECTIONS: usize = 16;
/// Of the loads that hash passwords: more would only wait.
const HASHING_CONNECTIONS: usize = 4;
/// How many users and products there are.
const FILLED: usize = 1000;
/// How long the last mail may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked of a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    Me,
    Product,
    Refresh,
    Login,
    Register,
}

/// A shop that runs, with its folder.
#[derive(Debug)]
struct Running {
    form: Form,
    shop: Shop,
    data: PathBuf,
    /// Of each process before its first request.
    idle: Vec<(String, u64)>,
    registered: Cell<usize>,
}

/// What a window of one load on one shop showed.
#[derive(Debug)]
struct Measured {
    window: Window,
    /// Resident at the end of the window, of the processes that worked.
    resident: u64,
}

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let ground = Ground::new(bench, "services")?;
    let running = [Form::Five, Form::One].map(|form| Running::start(&ground, form));
    let running = running.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut variants = Vec::new();
    for load in Load::ALL {
        variants.extend(running.iter().map(|running| (load, running)));
    }
    let windows = alternate(
        "services",
        ground.pace,
        &mut variants,
        &mut bench.progress,
        |(load, running)| running.measure(*load, ground.pace),
    );
    let rows = variants.iter().zip(&windows);
    let rows = rows.map(|((load, running), windows)| load.row(running, windows));
    let load = Section {
        name: "services".to_owned(),
        title: "The five services under load".to_owned(),
        about: format!(
            "A closed loop on the gateway over HTTP; the shop has one core, the load the other. {CONNECTIONS} \
             connections, {HASHING_CONNECTIONS} where a password is hashed. CPU time for each request, of each process \
             that takes part; of `register` it includes the e-mail, and each registration had one. Memory is what is \
             resident after the window, of those that take part. {FILLED} users and products."
        ),
        columns: [
            ("requests", "/s"),
            ("p50", "ms"),
            ("p99", "ms"),
            ("CPU", "µs"),
            ("gateway", "µs"),
            ("auth", "µs"),
            ("user", "µs"),
            ("product", "µs"),
            ("email", "µs"),
            ("memory", "MB"),
        ]
        .map(|(title, unit)| Column::new(title, unit))
        .into(),
        rows: rows.collect(),
        plot: Some(Plot::Bars { column: 3 }),
    };
    let memory = Section {
        name: "memory".to_owned(),
        title: "Memory at rest and after load".to_owned(),
        about: "Of each process, on one core: before its first request, after all windows of the table before, and the most it had \
                meanwhile. In the user-service each thread that hashes keeps its 19 MiB."
            .to_owned(),
        columns: vec![
            Column::new("at rest", "MB"),
            Column::new("after load", "MB"),
            Column::new("peak", "MB"),
        ],
        rows: running
            .iter()
            .map(Running::memory)
            .collect::<Result<Vec<_>, _>>()?
            .concat(),
        plot: None,
    };
    Ok(Found {
        sections: vec![load, memory],
        goals: Vec::new(),
    })
}

// === impl Running ===

impl Running {
    fn start(ground: &Ground, form: Form) -> Result<Self, Void> {
        let data = ground.scratch.join(format!("{form:?}"));
        prepare(ground, form, &data)?;
        fill(&data, FILLED)?;
        let shop = Shop::start(ground, form, &data, Place::Measured)?;
        ground.rest();
        let mut idle = Vec::new();
        for process in shop.processes(&SERVICES) {
            idle.push((process.name().to_owned(), process.memory()?.resident));
        }
        Ok(Self {
            form,
            shop,
            data,
            idle,
            registered: Cell::new(0),
        })
    }

    fn measure(&self, wanted: Load, pace: Pace) -> Result<Measured, Void> {
        let processes = self.shop.processes(wanted.services());
        let sent = Rc::new(Cell::new(0));
        let before = mails(&self.data)?;
        let talks = self.talks(wanted, &sent)?;
        let window = load(wanted.pace(pace), self.shop.gateway(), talks, &processes);
        // Also of a window that is void: it is measured again, and those addresses are taken.
        let registered = sent.get();
        self.registered.set(self.registered.get() + registered);
        let mailed = match wanted {
            Load::Register => await_mails(&self.data, before + registered),
            _ => Ok(()),
        };
        let window = window?;
        mailed?;
        let resident = |process: &&Process| Ok(process.memory()?.resident);
        let resident = processes.iter().map(resident);
        Ok(Measured {
            window,
            resident: resident.sum::<Result<u64, Void>>()?,
        })
    }

    /// What each connection says, in a session of its own where it needs one.
    fn talks(&self, wanted: Load, sent: &Rc<Cell<usize>>) -> Result<Vec<Talk>, Void> {
        let gateway = self.shop.gateway();
        let talk = |number: usize| {
            let account = account(number);
            Ok(match wanted {
                Load::Me => who_am_i(gateway, &account)?,
                Load::Refresh => Talk::refresh(login(gateway, &account.email)?),
                Load::Login => Talk::same(login_request(&account.email), "\"access_token\":\""),
                Load::Product => {
                    let mut next = number;
                    Talk::new(200, move || {
                        let id = user_id(next % FILLED);
                        next += CONNECTIONS;
                        let path = format!("/api/v1/products/{id}");
                        (get(&path, None), format!("\"id\":\"{id}\""))
                    })
                }
                Load::Register => {
                    let (first, sent) = (self.registered.get(), Rc::clone(sent));
                    Talk::new(201, move || {
                        sent.set(sent.get() + 1);
                        (
                            registration(first + sent.get()),
                            "\"user_id\":\"".to_owned(),
                        )
                    })
                }
            })
        };
        (0..wanted.connections()).map(talk).collect()
    }

    fn memory(&self) -> Result<Vec<Row>, Void> {
        let processes = self.shop.processes(&SERVICES);
        let row = |(process, (name, idle)): (&Process, &(String, u64))| {
            let memory = process.memory()?;
            let values = [*idle, memory.resident, memory.peak];
            Ok(Row {
                name: name.clone(),
                cells: values.map(|bytes| Quartiles::of([megabytes(bytes)])).into(),
            })
        };
        processes.into_iter().zip(&self.idle).map(row).collect()
    }
}

// === impl Load ===

impl Load {
    const ALL: [Self; 5] = [
        Self::Me,
        Self::Product,
        Self::Refresh,
        Self::Login,
        Self::Register,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Me => "GET /me",
            Self::Product => "GET /products/{id}",
            Self::Refresh => "POST /refresh-token",
            Self::Login => "POST /login",
            Self::Register => "POST /register and e-mail",
        }
    }

    /// Who takes part.
    fn services(self) -> &'static [&'static str] {
        match self {
            Self::Me => &[GATEWAY, USERS],
            Self::Product => &[GATEWAY, PRODUCTS],
            Self::Refresh | Self::Login => &[GATEWAY, AUTH, USERS],
            Self::Register => &[GATEWAY, USERS, MAIL],
        }
    }

    fn hashes(self) -> bool {
        matches!(self, Self::Login | Self::Register)
    }

    fn connections(self) -> usize {
        if self.hashes() {
            HASHING_CONNECTIONS
        } else {
            CONNECTIONS
        }
    }

    fn pace(self, pace: Pace) -> Pace {
        if self.hashes() {
            for_hashes(pace)
        } else {
            pace
        }
    }

    fn row(self, running: &Running, windows: &[Measured]) -> Row {
        let of = |value: &dyn Fn(&Measured) -> f64| Quartiles::of(windows.iter().map(value));
        let processes = running.shop.processes(self.services());
        let cpu = |service: &str| {
            let at = processes
                .iter()
                .position(|process| process.name() == service)?;
            of(&|measured| measured.window.cpu_per_request_of(at))
        };
        let form = match running.form {
            Form::Five => "five processes",
            Form::One => "one process",
        };
        Row {
            name: format!("{}, {form}", self.name()),
            cells: vec![
                of(&|measured| measured.window.per_second()),
                of(&|measured| measured.window.p50.as_secs_f64() * 1e3),
                of(&|measured| measured.window.p99.as_secs_f64() * 1e3),
                of(&|measured| measured.window.cpu_per_request()),
                cpu(GATEWAY),
                cpu(AUTH),
                cpu(USERS),
                cpu(PRODUCTS),
                cpu(MAIL),
                of(&|measured| megabytes(measured.resident)),
            ],
        }
    }
}

fn registration(number: usize) -> bytes::Bytes {
    let body = json!({
        "name": "Ana",
        "email": format!("new-{number}@bench.example"),
        "password": super::shop::PASSWORD,
    });
    post("/api/v1/register", None, body.to_string().as_bytes())
}

/// How many mails there are. Read past the service, whose CPU time is measured.
fn mails(data: &Path) -> Result<usize, Void> {
    let path = data.join(MAIL).with_extension("db");
    let count = || {
        let file = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        file.query_row("SELECT count(*) FROM mails", [], |row| row.get(0))
    };
    let counted: rusqlite::Result<i64> = count();
    let failed = |error: &dyn std::fmt::Display| Void::new(format!("{}: {error}", path.display()));
    usize::try_from(counted.map_err(|error| failed(&error))?).map_err(|error| failed(&error))
}

fn await_mails(data: &Path, expected: usize) -> Result<(), Void> {
    let until = Instant::now() + PATIENCE;
    let mut found = mails(data)?;
    while found < expected && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
        found = mails(data)?;
    }
    if found == expected {
        Ok(())
    } else {
        Err(Void::new(format!("{found} mails instead of {expected}")))
    }
}
