//! What a connection is doing, written by its socket and its requests, read by its watchdog.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use tokio::time::{Duration, Instant};

use super::counts::Counts;

/// The first bytes of every HTTP/2 connection, RFC 9113 section 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Every byte so far could be the beginning of an HTTP/2 preface. Smaller values say how many of them there were.
const HTTP1: u8 = 254;
const HTTP2: u8 = 255;

/// What the bytes read so far say about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// Nothing yet, or half an HTTP/2 preface.
    Unknown,
    Http1,
    /// The whole preface was read.
    Http2,
}

/// One connection's state, shared with the tasks of its streams.
///
/// Times are milliseconds since the connection was accepted: an `Instant` does not fit an atomic.
#[derive(Debug)]
pub(super) struct Activity {
    accepted: Instant,
    counts: Counts,
    wire: AtomicU8,
    /// A request was complete enough to be handed to the service.
    served: AtomicBool,
    in_flight: AtomicUsize,
    /// A byte moved, or a request ended.
    progress: AtomicU64,
    /// The last request ended.
    idle_since: AtomicU64,
    /// The first byte of a head was read and no request has come of it: the time plus one, 0 for none.
    head_since: AtomicU64,
    /// The client takes no more bytes: since when plus one, 0 for not so.
    stalled_since: AtomicU64,
    /// The client speaks HTTP/1.0, where the end of the connection may be the end of an answer.
    ends_by_close: AtomicBool,
    /// An answer was left incomplete.
    broken_off: AtomicBool,
}

impl Activity {
    pub(super) fn new(counts: Counts) -> Self {
        Self {
            accepted: Instant::now(),
            counts,
            wire: AtomicU8::new(0),
            served: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            progress: AtomicU64::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(0),
            ends_by_close: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
        }
    }

    pub(super) fn accepted(&self) -> Instant {
        self.accepted
    }

    pub(super) fn wire(&self) -> Wire {
        match self.wire.load(Ordering::Relaxed) {
            HTTP1 => Wire::Http1,
            HTTP2 => Wire::Http2,
            _ => Wire::Unknown,
        }
    }

    /// Whether the client has shown that it speaks the protocol: a first head or a whole preface.
    pub(super) fn is_open(&self) -> bool {
        self.served.load(Ordering::Relaxed) || self.wire() == Wire::Http2
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(super) fn progress(&self) -> Instant {
        self.at(self.progress.load(Ordering::Relaxed))
    }

    pub(super) fn idle_since(&self) -> Instant {
        self.at(self.idle_since.load(Ordering::Relaxed))
    }

    pub(super) fn head_since(&self) -> Option<Instant> {
        self.since(&self.head_since)
    }

    pub(super) fn stalled_since(&self) -> Option<Instant> {
        self.since(&self.stalled_since)
    }

    pub(super) fn read(&self, bytes: &[u8]) {
        let now = self.now();
        self.progress.store(now, Ordering::Relaxed);
        let wire = match self.wire.load(Ordering::Relaxed) {
            known @ (HTTP1 | HTTP2) => known,
            seen => {
                let wire = after_more(seen, bytes);
                self.wire.store(wire, Ordering::Relaxed);
                wire
            }
        };
        if wire == HTTP1 && self.in_flight() == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(now + 1, Ordering::Relaxed);
        }
    }

    pub(super) fn wrote(&self) {
        self.progress.store(self.now(), Ordering::Relaxed);
        self.stalled_since.store(0, Ordering::Relaxed);
    }

    /// A write has to wait for the client.
    pub(super) fn stalled(&self) {
        if self.stalled_since.load(Ordering::Relaxed) == 0 {
            self.stalled_since.store(self.now() + 1, Ordering::Relaxed);
        }
    }

    /// Whether closing the socket in the usual way would pass for the end of an answer.
    pub(super) fn close_would_lie(&self) -> bool {
        let incomplete = self.broken_off.load(Ordering::Relaxed) || self.in_flight() > 0;
        incomplete && self.ends_by_close.load(Ordering::Relaxed)
    }

    fn since(&self, mark: &AtomicU64) -> Option<Instant> {
        let since = mark.load(Ordering::Relaxed);
        since.checked_sub(1).map(|millis| self.at(millis))
    }

    fn at(&self, millis: u64) -> Instant {
        self.accepted + Duration::from_millis(millis)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The protocol after `bytes` more, when `seen` bytes of a preface came before.
fn after_more(seen: u8, bytes: &[u8]) -> u8 {
    let rest = PREFACE.get(usize::from(seen)..).unwrap_or_default();
    let compared = rest.len().min(bytes.len());
    if rest[..compared] != bytes[..compared] {
        HTTP1
    } else if compared == rest.len() {
        HTTP2
    } else {
        seen + u8::try_from(compared).unwrap_or(u8::MAX)
    }
}

/// Held by a request from its head to the last frame of its answer: while it lives an answer is owed.
#[derive(Debug)]
pub(super) struct Owed {
    activity: Arc<Activity>,
}

impl Owed {
    pub(super) fn begin(activity: &Arc<Activity>, version: http::Version) -> Self {
        activity.in_flight.fetch_add(1, Ordering::AcqRel);
        activity.served.store(true, Ordering::Relaxed);
        activity.head_since.store(0, Ordering::Relaxed);
        activity.counts.request_began();
        if version < http::Version::HTTP_11 {
            activity.ends_by_close.store(true, Ordering::Relaxed);
        }
        Self {
            activity: Arc::clone(activity),
        }
    }

    /// A stop takes the place of the answer, or of the rest of it.
    pub(super) fn ended_by_stop(&self) {
        self.activity.counts.answer_ended();
    }

    /// The answer stays incomplete.
    pub(super) fn broken_off(&self) {
        self.activity.broken_off.store(true, Ordering::Relaxed);
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let now = self.activity.now();
        self.activity.progress.store(now, Ordering::Relaxed);
        self.activity.idle_since.store(now, Ordering::Relaxed);
        self.activity.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.activity.counts.request_ended();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire_of(pieces: &[&[u8]]) -> Wire {
        let activity = Activity::new(Counts::default());
        for piece in pieces {
            activity.read(piece);
        }
        activity.wire()
    }

    #[tokio::test]
    async fn the_preface_is_known_by_its_last_byte() {
        assert_eq!(wire_of(&[]), Wire::Unknown);
        assert_eq!(wire_of(&[&PREFACE[..23]]), Wire::Unknown);
        assert_eq!(wire_of(&[PREFACE]), Wire::Http2);
        assert_eq!(wire_of(&[&PREFACE[..1], &PREFACE[1..24]]), Wire::Http2);
        assert_eq!(wire_of(&[&PREFACE[..5], b"* HTTP/1.1"]), Wire::Http1);
        assert_eq!(wire_of(&[b"P", b"OST / HTTP/1.1\r\n"]), Wire::Http1);
        assert_eq!(wire_of(&[&[&PREFACE[..], b"more"].concat()]), Wire::Http2);
        assert_eq!(wire_of(&[&PREFACE[..3], b"X"]), Wire::Http1);
    }

    #[tokio::test]
    async fn a_head_begins_with_a_byte_and_ends_with_its_request() {
        let activity = Arc::new(Activity::new(Counts::default()));
        assert!(activity.head_since().is_none() && !activity.is_open());
        activity.read(b"GET");
        assert!(activity.head_since().is_some() && !activity.is_open());
        let owed = Owed::begin(&activity, http::Version::HTTP_11);
        assert!(activity.head_since().is_none() && activity.is_open());
        activity.read(b"body");
        assert!(activity.head_since().is_none());
        drop(owed);
        assert_eq!(activity.in_flight(), 0);
    }
}
