//! Many logins at once: what they take, and what is left for everybody else.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;

use super::shop::{
    AUTH, Form, Ground, Shop, USERS, account, fill, login_request, prepare, who_am_i,
};
use super::{Bench, Found};
use crate::measure::{Pace, Place, Process, Reply, Void, Window, alternate, burst, load};
use crate::model::{Bound, Column, Goal, Quartiles, Row, Section};

const LOGINS: usize = 192;
/// In a debug build, which only shows that it works.
const QUICK_LOGINS: usize = 24;
/// Who else asks meanwhile.
const OTHERS: usize = 4;
/// How long the others wait between two requests, where they do.
const PAUSE: Duration = Duration::from_millis(10);
/// How long the password pool lets a login wait for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const MIB: f64 = 1024.0 * 1024.0;
/// What one hash works in, and what may come on top of all of them, in MiB.
const HASH_MIB: f64 = 19.0;
const SLACK_MIB: f64 = 16.0;

/// How the others ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// Some hundred requests a second, which leaves the machine idle most of the time.
    WithPauses,
    /// One after the other: they take all that the machine has.
    WithoutPause,
}

/// What one burst showed, on a shop that had just been started.
#[derive(Debug)]
struct Measured {
    before: Window,
    during: Window,
    replies: Vec<Reply>,
    /// Of auth-service and user-service together: what they had at most, above what they had at rest.
    above_rest: f64,
    threads: usize,
}

pub(super) fn measure(bench: &mut Bench) -> Result<Found, Void> {
    let ground = Ground::new(bench, "logins")?;
    let data = ground.scratch.join("data");
    prepare(&ground, Form::Five, &data)?;
    fill(&data, LOGINS + OTHERS)?;
    let mut variants = [Others::WithPauses, Others::WithoutPause];
    let windows = alternate(
        "logins",
        ground.pace,
        &mut variants,
        &mut bench.progress,
        |others| fire(&ground, &data, *others),
    );
    let named = variants.iter().zip(&windows);
    let rows = named.clone().map(|(others, windows)| others.row(windows));
    let rows = rows.collect();
    let all = || windows.iter().flatten();
    let threads = all()
        .map(|measured| measured.threads)
        .max()
        .unwrap_or_default();
    let mut goals = vec![Goal {
        what: format!("{LOGINS} logins at once: memory above idle"),
        bound: Bound::AtMost(float(threads) * HASH_MIB + SLACK_MIB),
        unit: "MiB".to_owned(),
        measured: Quartiles::of(all().map(|measured| measured.above_rest)),
        of: format!("auth-service and user-service, which hashes on {threads} threads"),
    }];
    goals.extend(named.map(|(others, windows)| Goal {
        what: format!("{LOGINS} logins at once: p50 of other requests"),
        bound: Bound::AtMost(1.5),
        unit: "x idle".to_owned(),
        measured: Quartiles::of(windows.iter().map(Measured::slower)),
        of: format!("GET /me, {}", others.name()),
    }));
    goals.push(Goal {
        what: format!("{LOGINS} logins at once: answered"),
        bound: Bound::AtLeast(1.0),
        unit: String::new(),
        measured: Quartiles::of(all().map(Measured::answered)),
        of: "200, or 503 with Retry-After after a wait of 2 s".to_owned(),
    });
    let section = Section {
        name: "logins".to_owned(),
        title: format!("{LOGINS} logins at once"),
        about: format!(
            "Each window has a shop of five processes that has just been started. {OTHERS} connections ask GET /me \
             before, and while {LOGINS} users log in at once. Nothing is pinned but the load."
        ),
        columns: [
            ("p50 before", "ms"),
            ("p50 during", "ms"),
            ("ratio", ""),
            ("p99 before", "ms"),
            ("p99 during", "ms"),
            ("memory above idle", "MiB"),
            ("logged in", ""),
            ("refused", ""),
            ("slowest login", "s"),
        ]
        .map(|(title, unit)| Column::new(title, unit))
        .into(),
        rows,
        plot: None,
    };
    Ok(Found {
        sections: vec![section],
        goals,
    })
}

/// Starts a shop, asks it, and asks it the same while everybody logs in.
fn fire(ground: &Ground, data: &Path, others: Others) -> Result<Measured, Void> {
    let shop = Shop::start(ground, Form::Five, data, Place::Anywhere)?;
    ground.rest();
    let hashing = shop.processes(&[AUTH, USERS]);
    let resident = |process: &&Process| Ok::<_, Void>(process.memory()?.resident);
    let rest: u64 = hashing.iter().map(resident).sum::<Result<_, _>>()?;

    let ask = |pace: Pace| {
        let talk = |number| {
            let talk = who_am_i(shop.gateway(), &account(LOGINS + number))?;
            Ok(match others {
                Others::WithPauses => talk.every(PAUSE),
                Others::WithoutPause => talk,
            })
        };
        let talks = (0..OTHERS).map(talk).collect::<Result<Vec<_>, Void>>()?;
        Ok::<_, Void>((pace, talks))
    };
    let (pace, talks) = ask(ground.pace)?;
    let before = load(pace, shop.gateway(), talks, &[])?;
    // Who asks meanwhile has logged in before.
    let (pace, talks) = ask(ground.pace)?;
    let logins = if ground.quick { QUICK_LOGINS } else { LOGINS };
    let requests: Vec<Bytes> = (0..logins)
        .map(|number| login_request(&account(number).email))
        .collect();
    let over = Arc::new(AtomicBool::new(false));
    let bursts = {
        let (gateway, over) = (shop.gateway().to_owned(), Arc::clone(&over));
        thread::spawn(move || {
            let mut replies = burst(&gateway, requests.clone())?;
            // On a machine that is done before the window is.
            while !over.load(Ordering::Relaxed) {
                replies.extend(burst(&gateway, requests.clone())?);
            }
            Ok::<_, Void>(replies)
        })
    };
    let during = load(pace, shop.gateway(), talks, &[]);
    over.store(true, Ordering::Relaxed);
    let replies = bursts
        .join()
        .map_err(|_| Void::new("the logins panicked"))??;
    replies.iter().try_for_each(check)?;
    let peak = |process: &&Process| Ok::<_, Void>(process.memory()?.peak);
    let peak: u64 = hashing.iter().map(peak).sum::<Result<_, _>>()?;
    let threads = hashing.iter().map(|process| hashing_threads(process));
    Ok(Measured {
        before,
        during: during?,
        replies,
        above_rest: mebibytes(peak.saturating_sub(rest)),
        threads: threads.sum::<Result<usize, Void>>()?,
    })
}

/// Logged in, or told to come again after all the time that it may wait.
fn check(reply: &Reply) -> Result<(), Void> {
    match reply.status {
        200 => Ok(()),
        503 if reply.retry_after && reply.took >= LONGEST_WAIT => Ok(()),
        _ => Err(Void::new(format!("a login: {reply:?}"))),
    }
}

fn hashing_threads(process: &Process) -> Result<usize, Void> {
    let mut count = 0;
    for thread in fs::read_dir(format!("/proc/{}/task", process.pid()))? {
        let name = fs::read_to_string(thread?.path().join("comm")).unwrap_or_default();
        count += usize::from(name.starts_with("password-"));
    }
    Ok(count)
}

// === impl Measured ===

impl Measured {
    fn slower(&self) -> f64 {
        self.during.p50.as_secs_f64() / self.before.p50.as_secs_f64()
    }

    fn with_status(&self, status: u16) -> f64 {
        let wanted = |reply: &&Reply| reply.status == status;
        float(self.replies.iter().filter(wanted).count())
    }

    fn answered(&self) -> f64 {
        (self.with_status(200) + self.with_status(503)) / float(self.replies.len())
    }
}

// === impl Others ===

impl Others {
    fn name(self) -> String {
        match self {
            Self::WithPauses => format!("{OTHERS} connections with pauses of {PAUSE:?}"),
            Self::WithoutPause => format!("{OTHERS} connections without pause"),
        }
    }

    fn row(self, windows: &[Measured]) -> Row {
        let of = |value: &dyn Fn(&Measured) -> f64| Quartiles::of(windows.iter().map(value));
        let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
        let slowest = |measured: &Measured| measured.replies.iter().map(|reply| reply.took).max();
        Row {
            name: self.name(),
            cells: vec![
                of(&|measured| millis(measured.before.p50)),
                of(&|measured| millis(measured.during.p50)),
                of(&Measured::slower),
                of(&|measured| millis(measured.before.p99)),
                of(&|measured| millis(measured.during.p99)),
                of(&|measured| measured.above_rest),
                of(&|measured| measured.with_status(200)),
                of(&|measured| measured.with_status(503)),
                of(&|measured| slowest(measured).unwrap_or_default().as_secs_f64()),
            ],
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_when_to_come_again_and_comes_after_the_wait() {
        let reply = |status, retry_after, seconds| Reply {
            status,
            retry_after,
            took: Duration::from_secs(seconds),
        };
        assert!(check(&reply(200, false, 1)).is_ok());
        assert!(check(&reply(503, true, 2)).is_ok());
        assert!(check(&reply(503, false, 2)).is_err());
        assert!(check(&reply(503, true, 1)).is_err());
        assert!(check(&reply(429, true, 2)).is_err());
        assert!(check(&reply(401, false, 1)).is_err());
    }
}
