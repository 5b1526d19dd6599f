//! Opening the listening socket, with errors that say what to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that the kernel holds while nobody accepts them.
pub(super) const BACKLOG: u32 = 1024;

/// An address cannot be listened on.
#[derive(Debug)]
pub struct BindError {
    addr: SocketAddr,
    source: io::Error,
}

impl BindError {
    /// The address that was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Why, as the system says it: `AddrInUse`, `PermissionDenied`, `AddrNotAvailable` and others.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, source } = self;
        let port = addr.port();
        write!(f, "cannot listen on {addr}: ")?;
        match source.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "port {port} is in use; stop the process that has it (`ss -ltnp 'sport = :{port}'` names it), \
                 or listen on another port (`--listen {}` takes any free one)",
                SocketAddr::new(addr.ip(), 0),
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "this user may not open port {port}; listen on a port from 1024 on, or give the process CAP_NET_BIND_SERVICE",
            ),
            io::ErrorKind::AddrNotAvailable => write!(
                f,
                "this machine has no interface with the address {}; 0.0.0.0 listens on all, 127.0.0.1 on this machine only",
                addr.ip(),
            ),
            _ => write!(f, "{source}"),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Opens a listening socket; an address whose last connections are still in TIME_WAIT is free.
pub(super) fn listen(addr: SocketAddr) -> Result<TcpListener, BindError> {
    let open = || {
        let socket = if addr.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // On Windows the option would let two processes share the port.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|source| BindError { addr, source })
}
