//! Limits and timers of a server.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

/// How a [`Server`](super::Server) treats its connections.
///
/// ```
/// use std::time::Duration;
/// let mut options = msf_service::edge::Options::default();
/// options.service = "user-service".into();
/// options.header_time = Duration::from_secs(2);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The label `service` of this server's metrics. Default: `service`.
    pub service: Cow<'static, str>,

    /// From `accept` to the first complete request head or HTTP/2 preface, the TLS handshake included; and from the
    /// first byte of each later HTTP/1 head to its end. Default: 5 s, more than a bad mobile network needs.
    pub header_time: Duration,

    /// How long a connection may be open without a request before it is told to leave, and how long its client may take
    /// not a byte of an answer before it is closed. Default: 120 s, longer than the
    /// 60 s that common balancers keep an idle connection: the side that writes first should be the one that closes.
    pub idle_time: Duration,

    /// When a connection is told to leave however busy it is, give or take a tenth so that clients do not return all at
    /// once. Default: none. Set it (5 min, say) where a balancer spreads connections and not requests, as most do
    /// with gRPC: else a new instance gets no traffic from old clients.
    pub max_connection_age: Option<Duration>,

    /// Connections open at the same time. Default: 10 000, at some 30 KiB each within 300 MiB.
    ///
    /// Beyond it the server stops accepting, and the kernel holds up to 1 024 more until one closes. To answer them
    /// would need the memory that the limit protects, and a client that waits needs no new attempt.
    pub max_connections: usize,

    /// Requests under way at the same time on one HTTP/2 connection. Default: 256; clients wait for a free one.
    pub max_streams: u32,

    /// Streams that a client opened and reset before they were served, after which its connection is closed (rapid
    /// reset, CVE-2023-44487). Default: 20.
    pub max_pending_resets: usize,

    /// Streams that had to be reset because of a client's mistakes, after which its connection is closed. Default: 256.
    pub max_error_resets: usize,

    /// Size of a request's headers in bytes. Default: 16 KiB. HTTP/2 answers 431 beyond it. On HTTP/1 the read buffer
    /// is the bound: 64 KiB, or this when it is larger.
    pub max_head: u32,

    /// The largest HTTP/2 frame that is accepted, in bytes. Default: 16 KiB, the protocol's own.
    pub max_frame: u32,

    /// How often an HTTP/2 client is asked whether it is still there. Default: 30 s.
    pub ping_interval: Duration,

    /// How long it may take to answer before its connection is closed. Default: 10 s.
    pub ping_timeout: Duration,

    /// The certificate to serve TLS with; see [`tls::load`](super::tls::load). Default: none, plain text.
    pub tls: Option<Arc<ServerConfig>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            service: Cow::Borrowed("service"),
            header_time: Duration::from_secs(5),
            idle_time: Duration::from_secs(120),
            max_connection_age: None,
            max_connections: 10_000,
            max_streams: 256,
            max_pending_resets: 20,
            max_error_resets: 256,
            max_head: 16 * 1024,
            max_frame: 16 * 1024,
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(10),
            tls: None,
        }
    }
}
