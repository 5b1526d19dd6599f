//! The timers of one connection, in one.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::{Activity, Wire};
use super::counts::Reason;
use super::stop::{QUIET, QUIET_AT_THE_END};

/// How far ahead a timer is set that has nothing to watch.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// What the watchdog wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Tell the client to leave, once.
    Leave,
    /// Close: it owes us, or we owe nothing.
    Close(Reason),
    /// Nothing; look again.
    Look,
}

/// The times that a connection lives by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) header_time: Duration,
    pub(super) idle_time: Duration,
    /// With its jitter.
    pub(super) age: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Has to leave, and the protocol to say it in is not known yet.
    MustLeave(Instant),
    /// Was told to.
    Leaving(Instant),
}

pin_project! {
    /// Watches one connection; polled after it, so that it sees what the connection has just done.
    ///
    /// The timer is moved only to an earlier time. Where the deadline moved away it fires in vain once and is set
    /// anew: a busy connection touches it every few seconds rather than at every request.
    pub(super) struct Watchdog {
        activity: Arc<Activity>,
        limits: Limits,
        stage: Stage,
        quiet: Duration,
        armed: Instant,
        #[pin]
        timer: Sleep,
    }
}

impl Watchdog {
    pub(super) fn new(activity: Arc<Activity>, limits: Limits) -> Self {
        let armed = activity.accepted() + limits.header_time;
        Self {
            activity,
            limits,
            stage: Stage::Serving,
            quiet: QUIET,
            armed,
            timer: sleep_until(armed),
        }
    }

    /// The server stops: have the connection leave as soon as it can be told.
    pub(super) fn leave(self: Pin<&mut Self>) {
        let this = self.project();
        if *this.stage == Stage::Serving {
            *this.stage = Stage::MustLeave(Instant::now());
        }
    }

    /// The streams were ended: what is quiet now stays quiet.
    pub(super) fn hurry(self: Pin<&mut Self>) {
        *self.project().quiet = QUIET_AT_THE_END;
    }

    /// What is due next, and when.
    fn next(&self) -> (Instant, Verdict) {
        let Limits {
            header_time,
            idle_time,
            age,
        } = self.limits;
        let activity = &*self.activity;
        let owes = activity.in_flight() > 0;
        let age = age.map(|age| (activity.accepted() + age, Verdict::Leave));

        let head = if owes {
            None
        } else if activity.is_open() {
            activity.head_since()
        } else {
            Some(activity.accepted())
        };
        let head = head.map(|since| (since + header_time, Verdict::Close(Reason::HeaderTime)));

        let unread = activity.stalled_since();
        let unread = unread.map(|since| (since + idle_time, Verdict::Close(Reason::Unread)));

        let rest = match self.stage {
            Stage::MustLeave(since) if activity.wire() != Wire::Unknown => {
                return (since, Verdict::Leave);
            }
            Stage::MustLeave(_) | Stage::Leaving(_) if owes => {
                (Instant::now() + self.quiet, Verdict::Look)
            }
            Stage::MustLeave(since) | Stage::Leaving(since) => {
                let quiet = since.max(activity.progress()) + self.quiet;
                (quiet, Verdict::Close(Reason::Quiet))
            }
            Stage::Serving => {
                let idle = if owes || !activity.is_open() {
                    (Instant::now() + FAR, Verdict::Look)
                } else {
                    (activity.idle_since() + idle_time, Verdict::Leave)
                };
                age.filter(|age| age.0 < idle.0).unwrap_or(idle)
            }
        };
        [head, unread]
            .into_iter()
            .flatten()
            .fold(
                rest,
                |first, other| if other.0 < first.0 { other } else { first },
            )
    }
}

impl Future for Watchdog {
    type Output = Verdict;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Verdict> {
        loop {
            let (due, verdict) = self.next();
            let mut this = self.as_mut().project();
            if due < *this.armed {
                *this.armed = due;
                this.timer.as_mut().reset(due);
                if due > Instant::now() {
                    ready!(this.timer.as_mut().poll(cx));
                }
            } else {
                ready!(this.timer.as_mut().poll(cx));
            }
            if due <= Instant::now() && verdict != Verdict::Look {
                if verdict == Verdict::Leave {
                    *this.stage = Stage::Leaving(Instant::now());
                }
                return Poll::Ready(verdict);
            }
            *this.armed = due;
            this.timer.as_mut().reset(due);
        }
    }
}
