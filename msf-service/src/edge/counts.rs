//! What a server counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use metrics::{Counter, Gauge, Unit};

/// What a [`Server`](super::Server) has open right now; cloned, it still counts the same server.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msf_service::edge::BindError> {
/// use msf_service::edge::{Options, Server};
/// let server = Server::bind(([127, 0, 0, 1], 0).into(), Options::default()).await?;
/// assert_eq!(server.counts().connections(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counts {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    connections: AtomicUsize,
    requests: AtomicUsize,
    accepted: AtomicUsize,
    cut: AtomicUsize,
    ended: AtomicUsize,
    panics: AtomicUsize,
    accept_errors: AtomicUsize,
}

impl Counts {
    /// Connections that are open, those in the TLS handshake included.
    pub fn connections(&self) -> usize {
        self.inner.connections.load(Relaxed)
    }

    /// Requests that are owed an answer or the rest of one.
    pub fn requests(&self) -> usize {
        self.inner.requests.load(Relaxed)
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.inner.accepted.load(Relaxed)
    }

    /// Connections cut by a hard stop.
    pub fn cut(&self) -> usize {
        self.inner.cut.load(Relaxed)
    }

    /// Answers ended by a stop before they were complete.
    pub fn ended(&self) -> usize {
        self.inner.ended.load(Relaxed)
    }

    /// Connections and streams that ended in a panic no layer caught.
    pub fn panics(&self) -> usize {
        self.inner.panics.load(Relaxed)
    }

    /// Times that `accept` failed; the loop goes on after each.
    pub fn accept_errors(&self) -> usize {
        self.inner.accept_errors.load(Relaxed)
    }

    pub(super) fn request_began(&self) {
        self.inner.requests.fetch_add(1, Relaxed);
    }

    pub(super) fn request_ended(&self) {
        self.inner.requests.fetch_sub(1, Relaxed);
    }

    pub(super) fn answer_ended(&self) {
        self.inner.ended.fetch_add(1, Relaxed);
    }
}

/// Why a connection was closed by this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// No complete head or preface within the header time.
    HeaderTime,
    /// The TLS handshake failed.
    Tls,
    /// Left its answer unread.
    Unread,
    /// Silent after it was told to leave, and owed nothing.
    Quiet,
    /// A protocol error, or the client went away within a request.
    Error,
    /// Still open at the hard stop.
    Cut,
    /// A panic that no layer caught.
    Panic,
}

const REASONS: [(Reason, &str); 7] = [
    (Reason::HeaderTime, "header_time"),
    (Reason::Tls, "tls"),
    (Reason::Unread, "unread"),
    (Reason::Quiet, "quiet"),
    (Reason::Error, "error"),
    (Reason::Cut, "cut"),
    (Reason::Panic, "panic"),
];

/// [`Counts`] together with the metrics of the same name; made once when a server starts, so that nothing is looked up later.
#[derive(Clone)]
pub(super) struct Meters {
    pub(super) counts: Counts,
    open: Gauge,
    accepted: Counter,
    cut: Counter,
    panics: Counter,
    accept_errors: Counter,
    closed: [Counter; REASONS.len()],
}

impl Meters {
    pub(super) fn new(counts: Counts, service: &str) -> Self {
        describe();
        let label = || service.to_owned();
        Self {
            counts,
            open: metrics::gauge!("msf_connections_open", "service" => label()),
            accepted: metrics::counter!("msf_connections_total", "service" => label()),
            cut: metrics::counter!("msf_connections_cut_total", "service" => label()),
            panics: metrics::counter!("msf_connection_panics_total", "service" => label()),
            accept_errors: metrics::counter!("msf_accept_errors_total", "service" => label()),
            closed: REASONS.map(|(_, reason)| {
                metrics::counter!("msf_connections_closed_total", "service" => label(), "reason" => reason)
            }),
        }
    }

    pub(super) fn opened(&self) {
        self.counts.inner.accepted.fetch_add(1, Relaxed);
        self.counts.inner.connections.fetch_add(1, Relaxed);
        self.accepted.increment(1);
        self.open.increment(1);
    }

    /// A connection is gone; `None` when both sides agreed.
    pub(super) fn closed(&self, reason: Option<Reason>) {
        self.counts.inner.connections.fetch_sub(1, Relaxed);
        self.open.decrement(1);
        let Some(reason) = reason else { return };
        match reason {
            Reason::Cut => {
                self.counts.inner.cut.fetch_add(1, Relaxed);
                self.cut.increment(1);
            }
            Reason::Panic => self.panicked(),
            _ => {}
        }
        self.closed[reason as usize].increment(1);
    }

    /// A connection's or a stream's task panicked; the other streams of the connection live on.
    pub(super) fn panicked(&self) {
        self.counts.inner.panics.fetch_add(1, Relaxed);
        self.panics.increment(1);
    }

    pub(super) fn accept_failed(&self) {
        self.counts.inner.accept_errors.fetch_add(1, Relaxed);
        self.accept_errors.increment(1);
    }
}

fn describe() {
    metrics::describe_gauge!("msf_connections_open", "Open connections");
    metrics::describe_counter!("msf_connections_total", Unit::Count, "Connections accepted");
    metrics::describe_counter!(
        "msf_connections_cut_total",
        Unit::Count,
        "Connections still open at the end of the grace time, cut"
    );
    metrics::describe_counter!(
        "msf_connections_closed_total",
        Unit::Count,
        "Connections closed by the server, by reason"
    );
    metrics::describe_counter!(
        "msf_connection_panics_total",
        Unit::Count,
        "Panics that no layer caught"
    );
    metrics::describe_counter!("msf_accept_errors_total", Unit::Count, "Failed accepts");
}
