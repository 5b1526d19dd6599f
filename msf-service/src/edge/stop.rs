//! The three steps of a stop, and what is left to say after it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How long after [`Stop::soft`] connections are still accepted: 5 ms.
///
/// The kernel has completed their handshake, so their clients have written a request; closing the listener at once resets them.
pub const ACCEPT_LONGER: Duration = Duration::from_millis(5);

/// How long after [`Stop::soft`] every connection is told to leave (`GOAWAY`, `Connection: close`): 20 ms.
///
/// A request that lies in the socket unread is read in this time; a connection told to leave before it was read drops it.
pub const GOODBYE_AFTER: Duration = Duration::from_millis(20);

/// How long a leaving connection that owes no answer may be silent before it is closed: one second.
///
/// It begins again with every byte that moves, so that the end of a large answer still reaches a slow client.
pub const QUIET: Duration = Duration::from_secs(1);

/// The same once [`Stop::end_streams`] was given: there is no time left to be polite in.
pub(super) const QUIET_AT_THE_END: Duration = Duration::from_millis(50);

/// Tells a [`Server`](super::Server) to stop, in three steps of growing force.
///
/// Each token may be cancelled at any time and by anyone; a later one without the earlier ones brings them along.
/// The server never waits by itself for the next step: without [`hard`](Self::hard) it drains for as long as its
/// requests take.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Take no new connection, and let what is under way finish.
    pub soft: CancellationToken,
    /// End the answers that are still open: gRPC with the status `UNAVAILABLE`, HTTP with 503 or, once the head is
    /// sent, so that the client sees an incomplete body.
    pub end_streams: CancellationToken,
    /// Cut what is left, and count it.
    pub hard: CancellationToken,
}

impl Stop {
    /// A stop that nobody has asked for yet.
    pub fn new() -> Self {
        Self::default()
    }
}

/// How a [`Server`](super::Server) ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Connections accepted over the server's whole life.
    pub accepted: usize,
    /// Connections still open at [`Stop::hard`] and closed by force.
    pub cut: usize,
    /// Requests whose answer was ended by [`Stop::end_streams`].
    pub ended: usize,
    /// From the first step of the stop to the end of the longest connection.
    pub longest: Duration,
}
