//! One connection, from `accept` to its last byte.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use futures_util::FutureExt;
use http::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::activity::Activity;
use super::counts::{Meters, Reason};
use super::executor::Tracked;
use super::io::{Transport, Watched};
use super::peer::Peer;
use super::service::PerConnection;
use super::stop::{QUIET, QUIET_AT_THE_END};
use super::watchdog::{Limits, Verdict, Watchdog};

/// The steps of a stop as a connection sees them: in order, each once.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    pub(super) goodbye: CancellationToken,
    pub(super) end_streams: CancellationToken,
    pub(super) cut: CancellationToken,
}

impl Signals {
    /// The same signals with waiters of their own, so that connections do not wait on one lock.
    pub(super) fn child(&self) -> Self {
        Self {
            goodbye: self.goodbye.child_token(),
            end_streams: self.end_streams.child_token(),
            cut: self.cut.child_token(),
        }
    }
}

/// What all connections of a server have in common.
pub(super) struct Shared {
    pub(super) http: auto::Builder<Tracked>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) meters: Meters,
    pub(super) signals: Signals,
}

/// Serves one connection; returns when it is closed, whatever becomes of it.
pub(super) async fn run<S>(
    shared: Arc<Shared>,
    service: S,
    tcp: TcpStream,
    addr: SocketAddr,
    limits: Limits,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let serving = AssertUnwindSafe(serve(&shared, service, tcp, addr, limits));
    let reason = serving.catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(peer = %addr, "a connection's task panicked; the others go on");
        Some(Reason::Panic)
    });
    shared.meters.closed(reason);
}

async fn serve<S>(
    shared: &Shared,
    service: S,
    tcp: TcpStream,
    addr: SocketAddr,
    limits: Limits,
) -> Option<Reason>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let activity = Arc::new(Activity::new(shared.meters.counts.clone()));
    let signals = shared.signals.child();
    // Answers are written in whole frames; waiting for more only delays their last packet.
    let _ = tcp.set_nodelay(true);
    let transport = match &shared.tls {
        None => Transport::Plain(tcp),
        Some(tls) => match handshake(tls, tcp, &activity, limits, &signals).await {
            Ok(transport) => transport,
            Err(reason) => return Some(reason),
        },
    };

    let peer = Peer {
        addr,
        tls: shared.tls.is_some(),
    };
    let service = PerConnection::new(
        service,
        peer,
        Arc::clone(&activity),
        signals.end_streams.clone(),
    );
    let io = TokioIo::new(Watched::new(transport, Arc::clone(&activity)));
    let mut connection = pin!(shared.http.serve_connection(io, service));
    let mut watchdog = pin!(Watchdog::new(activity, limits));
    let (mut leaving, mut hurrying) = (false, false);
    loop {
        tokio::select! {
            biased;
            result = connection.as_mut() => {
                return match result {
                    Ok(()) => None,
                    Err(error) => {
                        tracing::debug!(peer = %addr, error = &*error, "connection ended");
                        Some(Reason::Error)
                    }
                };
            }
            // The last step comes after the first, so a connection waits for one of the two at a time.
            () = signals.cut.cancelled(), if leaving => return Some(Reason::Cut),
            () = signals.goodbye.cancelled(), if !leaving => {
                leaving = true;
                watchdog.as_mut().leave();
            }
            () = signals.end_streams.cancelled(), if leaving && !hurrying => {
                hurrying = true;
                watchdog.as_mut().hurry();
            }
            verdict = watchdog.as_mut() => match verdict {
                Verdict::Leave => connection.as_mut().graceful_shutdown(),
                Verdict::Close(reason) => return Some(reason),
                Verdict::Look => {}
            },
        }
    }
}

async fn handshake(
    tls: &TlsAcceptor,
    tcp: TcpStream,
    activity: &Activity,
    limits: Limits,
    signals: &Signals,
) -> Result<Transport, Reason> {
    let quiet = async {
        signals.goodbye.cancelled().await;
        tokio::select! {
            () = sleep(QUIET) => {}
            () = signals.end_streams.cancelled() => sleep(QUIET_AT_THE_END).await,
        }
    };
    tokio::select! {
        biased;
        accepted = tls.accept(tcp) => match accepted {
            Ok(stream) => Ok(Transport::Tls(Box::new(stream))),
            Err(error) => {
                tracing::debug!(%error, "TLS handshake failed");
                Err(Reason::Tls)
            }
        },
        () = signals.cut.cancelled() => Err(Reason::Cut),
        () = quiet => Err(Reason::Quiet),
        () = sleep_until(activity.accepted() + limits.header_time) => Err(Reason::HeaderTime),
    }
}
