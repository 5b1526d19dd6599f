//! How the cost of a read grows with what is stored.

use std::fmt;
use std::path::PathBuf;

use rand::Rng;

use super::shop::{
    ADMIN, AUTH, CATEGORIES, Form, GATEWAY, Ground, PRODUCTS, Shop, Talk, USERS, account, fill,
    for_hashes, login, login_request, prepare, user_id, who_am_i,
};
use super::{Bench, Found};
use crate::measure::{Pace, Place, Void, Window, alternate, get, load};
use crate::model::{Column, Plot, Quartiles, Row, Section};

const SIZES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];
const QUICK_SIZES: [usize; 2] = [10, 1_000];
const CONNECTIONS: usize = 4;
/// How many entries a page has unless it is said.
const PAGE: usize = 20;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Me,
    Product,
    FirstPage,
    Category,
    LastPage,
    Users,
    Login,
}

/// A running shop with this many users and as many products.
struct Filled {
    size: usize,
    shop: Shop,
}

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let ground = Ground::new(bench, "store")?;
    let sizes: &[usize] = if ground.quick { &QUICK_SIZES } else { &SIZES };
    let mut shops = Vec::new();
    for size in sizes {
        bench
            .progress
            .show(&format!("store: {size} users and products"));
        shops.push(Filled::start(&ground, *size)?);
    }
    let mut variants = Vec::new();
    for filled in &shops {
        variants.extend(Read::ALL.map(|read| (filled, read)));
    }
    // Many short windows rather than few long ones: there are as many variants as sizes times reads.
    let pace = Pace {
        window: (ground.pace.window / 2).max(Pace::QUICK.window),
        ..ground.pace
    };
    let windows = alternate(
        "store",
        pace,
        &mut variants,
        &mut bench.progress,
        |(filled, read)| filled.measure(*read, read.pace(pace)),
    );
    let table = |value: fn(&Window) -> f64| -> Vec<Row> {
        let of_size = windows.chunks(Read::ALL.len()).zip(sizes);
        let row = |(reads, size): (&[Vec<Window>], &usize)| Row {
            name: size.to_string(),
            cells: reads
                .iter()
                .map(|windows| Quartiles::of(windows.iter().map(value)))
                .collect(),
        };
        of_size.map(row).collect()
    };
    let columns = |unit| Read::ALL.map(|read| Column::new(read.name(), unit)).into();
    let about = format!(
        "Through the gateway, five processes, {CONNECTIONS} connections; the services have one core. As many products \
         as users, in {CATEGORIES} categories; a page has {PAGE} of them, and each request is for another user's \
         login, product or category."
    );
    let cpu = Section {
        name: "store".to_owned(),
        title: "What a request costs as the store grows".to_owned(),
        about: format!("{about} CPU time of all processes that take part, for each request."),
        columns: columns("µs"),
        rows: table(Window::cpu_per_request),
        // A login is a thousand times the rest, whatever is stored.
        plot: Some(Plot::Lines {
            columns: (0..Read::ALL.len() - 1).collect(),
        }),
    };
    let slowest = Section {
        name: "store-p99".to_owned(),
        title: "How long the slowest requests take as the store grows".to_owned(),
        about: format!("{about} The p99 of each window."),
        columns: columns("ms"),
        rows: table(|window| window.p99.as_secs_f64() * 1e3),
        plot: None,
    };
    Ok(Found {
        sections: vec![cpu, slowest],
        goals: Vec::new(),
    })
}

// === impl Filled ===

impl Filled {
    fn start(ground: &Ground, size: usize) -> Result<Self, Void> {
        let data: PathBuf = ground.scratch.join(size.to_string());
        prepare(ground, Form::Five, &data)?;
        fill(&data, size)?;
        let shop = Shop::start(ground, Form::Five, &data, Place::Measured)?;
        Ok(Self { size, shop })
    }

    fn measure(&self, read: Read, pace: Pace) -> Result<Window, Void> {
        let gateway = self.shop.gateway();
        let talk = |_| match read {
            Read::Me => who_am_i(gateway, &account(self.any())),
            Read::Users => {
                let token = login(gateway, ADMIN)?.access;
                // The admin is one more.
                let total = format!("\"total\":{},", self.size + 1);
                Ok(Talk::same(get("/api/v1/admin/users", Some(&token)), &total))
            }
            _ => Ok(self.talk(read)),
        };
        let talks: Result<Vec<_>, Void> = (0..CONNECTIONS).map(talk).collect();
        let processes = self.shop.processes(read.services());
        load(pace, gateway, talks?, &processes)
    }

    /// What somebody without a session asks.
    fn talk(&self, read: Read) -> Talk {
        let size = self.size;
        let pages = size.div_ceil(PAGE);
        let list = |path: String, total: usize| {
            Talk::same(get(&path, None), &format!("\"total\":{total},"))
        };
        match read {
            Read::FirstPage => list("/api/v1/products".to_owned(), size),
            Read::LastPage => list(format!("/api/v1/products?page={pages}"), size),
            Read::Category => Talk::new(200, move || {
                let category = rand::rng().random_range(0..CATEGORIES);
                let path = format!("/api/v1/products/category/category-{category}");
                let text = format!("\"category\":\"category-{category}\"");
                (get(&path, None), text)
            }),
            Read::Login => Talk::new(200, move || {
                let account = account(rand::rng().random_range(0..size));
                let text = "\"access_token\":\"".to_owned();
                (login_request(&account.email), text)
            }),
            _ => Talk::new(200, move || {
                let id = user_id(rand::rng().random_range(0..size));
                let request = get(&format!("/api/v1/products/{id}"), None);
                (request, format!("\"id\":\"{id}\""))
            }),
        }
    }

    /// The number of some user.
    fn any(&self) -> usize {
        rand::rng().random_range(0..self.size)
    }
}

impl fmt::Debug for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filled")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

// === impl Read ===

impl Read {
    const ALL: [Self; 7] = [
        Self::Me,
        Self::Product,
        Self::FirstPage,
        Self::Category,
        Self::LastPage,
        Self::Users,
        Self::Login,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Me => "GET /me",
            Self::Product => "one product",
            Self::FirstPage => "first page",
            Self::Category => "page of a category",
            Self::LastPage => "last page",
            Self::Users => "page of users",
            Self::Login => "login",
        }
    }

    fn pace(self, pace: Pace) -> Pace {
        match self {
            Self::Login => for_hashes(pace),
            _ => pace,
        }
    }

    fn services(self) -> &'static [&'static str] {
        match self {
            Self::Me | Self::Users => &[GATEWAY, USERS],
            Self::Login => &[GATEWAY, AUTH, USERS],
            _ => &[GATEWAY, PRODUCTS],
        }
    }
}
