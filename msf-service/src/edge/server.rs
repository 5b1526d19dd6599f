//! The accept loop and the order of its end.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::FutureExt;
use http::{Request, Response};
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::bind::{BACKLOG, BindError, listen};
use super::connection::{self, Shared, Signals};
use super::counts::{Counts, Meters};
use super::executor::Tracked;
use super::options::Options;
use super::stop::{ACCEPT_LONGER, Drained, GOODBYE_AFTER, Stop};
use super::watchdog::Limits;

/// The read buffer of an HTTP/1 connection, and with it the largest head.
const HTTP1_BUFFER: usize = 64 * 1024;

/// How long to wait after the process ran out of file descriptors or memory: a first and a longest time.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// Serves one service on one socket: HTTP/1, HTTP/2 and gRPC, with TLS when [`Options::tls`] says so.
///
/// HTTP upgrades (WebSocket) are not served: an upgraded connection would leave everything that makes a stop end.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    options: Options,
    counts: Counts,
}

impl Server {
    /// Listens on `addr`; port 0 takes a free one. From here on the kernel completes connections and holds them.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on; the message says why and what to do.
    // Has to run inside a tokio runtime, which `async` says in the signature.
    #[expect(clippy::unused_async, reason = "needs a runtime, and says so")]
    pub async fn bind(addr: SocketAddr, options: Options) -> Result<Self, BindError> {
        let listener = listen(addr)?;
        // The address was bound a moment ago; what was asked for is the best answer left if the system forgot it.
        let local_addr = listener.local_addr().unwrap_or(addr);
        Ok(Self {
            listener,
            local_addr,
            options,
            counts: Counts::default(),
        })
    }

    /// The address listened on, with the port that port 0 became.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What the server has open, now and later.
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Serves until `stop` says otherwise, and returns when no task of any connection is left.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket and cuts every connection, whether they owe answers or not.
    pub async fn serve<S>(self, service: S, stop: Stop) -> Drained
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send + 'static,
    {
        let Self {
            listener,
            options,
            counts,
            ..
        } = self;
        let tracker = TaskTracker::new();
        let meters = Meters::new(counts.clone(), &options.service);
        let signals = Signals {
            goodbye: CancellationToken::new(),
            end_streams: stop.end_streams.child_token(),
            cut: CancellationToken::new(),
        };
        let abandoned = (
            signals.goodbye.clone().drop_guard(),
            signals.cut.clone().drop_guard(),
        );
        let mut acceptor = Acceptor {
            listener,
            slots: Arc::new(Semaphore::new(
                options.max_connections.min(Semaphore::MAX_PERMITS),
            )),
            service,
            shared: Arc::new(Shared {
                http: http(&options, Tracked::new(tracker.clone(), meters.clone())),
                tls: options.tls.clone().map(TlsAcceptor::from),
                meters,
                signals: signals.clone(),
            }),
            tracker: tracker.clone(),
            limits: Limits {
                header_time: options.header_time,
                idle_time: options.idle_time,
                age: options.max_connection_age,
            },
        };

        tokio::select! {
            biased;
            () = any(&stop) => {}
            never = acceptor.run() => match never {},
        }
        let began = Instant::now();
        acceptor.sweep(began + ACCEPT_LONGER).await;
        drop(acceptor);
        tokio::select! {
            () = sleep_until(began + GOODBYE_AFTER) => {}
            () = stop.hard.cancelled() => {}
        }
        signals.goodbye.cancel();
        tracker.close();
        tokio::select! {
            biased;
            () = tracker.wait() => {}
            () = stop.hard.cancelled() => {
                signals.cut.cancel();
                tracker.wait().await;
            }
        }
        drop(abandoned);
        Drained {
            accepted: counts.accepted(),
            cut: counts.cut(),
            ended: counts.ended(),
            longest: began.elapsed(),
        }
    }
}

/// Any step of a stop is its beginning.
async fn any(stop: &Stop) {
    tokio::select! {
        () = stop.soft.cancelled() => {}
        () = stop.end_streams.cancelled() => {}
        () = stop.hard.cancelled() => {}
    }
}

fn http(options: &Options, executor: Tracked) -> auto::Builder<Tracked> {
    let head = usize::try_from(options.max_head).unwrap_or(usize::MAX);
    let mut builder = auto::Builder::new(executor);
    builder
        .http1()
        .timer(TokioTimer::new())
        // The watchdog tells a slow head from an idle connection; hyper has one timer for both.
        .header_read_timeout(None)
        .max_buf_size(head.max(HTTP1_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(options.ping_interval)
        .keep_alive_timeout(options.ping_timeout)
        .max_concurrent_streams(options.max_streams)
        .max_pending_accept_reset_streams(options.max_pending_resets)
        .max_local_error_reset_streams(options.max_error_resets)
        .max_header_list_size(options.max_head)
        .max_frame_size(options.max_frame);
    builder
}

enum Never {}

/// Takes connections and gives each a task.
struct Acceptor<S> {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    service: S,
    shared: Arc<Shared>,
    tracker: TaskTracker,
    limits: Limits,
}

impl<S> Acceptor<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    /// Accepts for ever, as long as there are slots.
    async fn run(&mut self) -> Never {
        let mut back_off = BACK_OFF.0;
        loop {
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else {
                std::future::pending::<()>().await;
                continue;
            };
            match self.listener.accept().await {
                Ok((tcp, addr)) => {
                    back_off = BACK_OFF.0;
                    self.spawn(tcp, addr, slot);
                }
                Err(error) => {
                    self.shared.meters.accept_failed();
                    if concerns_one_connection(&error) {
                        continue;
                    }
                    tracing::warn!(%error, ?back_off, "cannot accept connections, trying again");
                    sleep(back_off).await;
                    back_off = (back_off * 2).min(BACK_OFF.1);
                }
            }
        }
    }

    /// Accepts what the kernel holds at a stop: until `end`, then what is there without waiting.
    async fn sweep(&mut self, end: Instant) {
        tokio::select! {
            biased;
            () = sleep_until(end) => {}
            never = self.run() => match never {},
        }
        // A busy machine may not have come to all of them in that time, nor tokio's budget of one poll have sufficed.
        for _ in 0..BACKLOG {
            let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
                break;
            };
            let Some(Ok((tcp, addr))) = unconstrained(self.listener.accept()).now_or_never() else {
                break;
            };
            self.spawn(tcp, addr, slot);
        }
    }

    fn spawn(&mut self, tcp: TcpStream, addr: SocketAddr, slot: OwnedSemaphorePermit) {
        self.shared.meters.opened();
        let limits = Limits {
            age: self.limits.age.map(jitter),
            ..self.limits
        };
        let connection = connection::run(
            Arc::clone(&self.shared),
            self.service.clone(),
            tcp,
            addr,
            limits,
        );
        self.tracker.spawn(async move {
            connection.await;
            drop(slot);
        });
    }
}

/// `age` and up to a tenth more or less.
fn jitter(age: Duration) -> Duration {
    // A fresh `RandomState` is the standard library's only source of randomness, and good enough here.
    let percent = RandomState::new().hash_one(()) % 21;
    age.mul_f64(0.9 + f64::from(u32::try_from(percent).unwrap_or(10)) / 100.0)
}

/// Whether a failed `accept` says nothing about the next one.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
