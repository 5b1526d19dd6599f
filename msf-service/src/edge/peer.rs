//! Who is on the other end of the connection.

use std::net::SocketAddr;

/// The other end of the connection that a request came in on; in the extensions of every request.
///
/// Behind a proxy this is the proxy. It is the only address here that a client cannot make up.
///
/// ```
/// use axum::Extension;
/// use msf_service::edge::Peer;
///
/// async fn whoami(Extension(peer): Extension<Peer>) -> String {
///     peer.addr.to_string()
/// }
/// # let _ = axum::Router::<()>::new().route("/", axum::routing::get(whoami));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Its address and port.
    pub addr: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
}
