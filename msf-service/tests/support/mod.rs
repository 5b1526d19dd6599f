//! A server on port 0, clients that misbehave, and what the server counted.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod rows;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::{Request, Response};
use msf_service::edge::{Counts, Drained, Options, Peer, Server, Stop};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Size of the body of `/work`.
pub(crate) const WORK: usize = 300_000;
/// The whole HTTP/2 preface with an empty SETTINGS frame.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) stop: Stop,
    pub(crate) counts: Counts,
    serving: JoinHandle<Drained>,
}

/// Serves [`routes`] on a free port of the current runtime.
pub(crate) async fn start(options: Options) -> Running {
    start_with(options, routes()).await
}

pub(crate) async fn start_with(options: Options, routes: Router) -> Running {
    let addr = ([127, 0, 0, 1], 0).into();
    let server = Server::bind(addr, options).await.unwrap();
    let stop = Stop::new();
    Running {
        addr: server.local_addr(),
        counts: server.counts(),
        serving: tokio::spawn(server.serve(routes, stop.clone())),
        stop,
    }
}

impl Running {
    /// A server that runs elsewhere.
    pub(crate) fn of(
        addr: SocketAddr,
        stop: Stop,
        counts: Counts,
        serving: JoinHandle<Drained>,
    ) -> Self {
        Self {
            addr,
            stop,
            counts,
            serving,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Waits until the server says that it has stopped.
    pub(crate) async fn drained(self) -> Drained {
        timeout(Duration::from_secs(10), self.serving)
            .await
            .expect("the server did not stop")
            .unwrap()
    }

    /// A stop within a grace of two seconds, streams ended half a second before.
    pub(crate) async fn stop_within_two_seconds(self) -> Drained {
        let stop = self.stop.clone();
        stop.soft.cancel();
        let steps = tokio::spawn(async move {
            sleep(Duration::from_millis(1500)).await;
            stop.end_streams.cancel();
            sleep(Duration::from_millis(500)).await;
            stop.hard.cancel();
        });
        let drained = self.drained().await;
        steps.abort();
        drained
    }

    /// Waits until `test` holds of what the server counted.
    pub(crate) async fn until(&self, what: &str, test: impl Fn(&Counts) -> bool) {
        for _ in 0..2000 {
            if test(&self.counts) {
                return;
            }
            sleep(Duration::from_millis(2)).await;
        }
        panic!("not reached: {what}: {:?}", self.counts);
    }

    /// Asks for `/` on a new connection and expects the answer within a second.
    pub(crate) async fn answers(&self) -> bool {
        let ask = async {
            let mut tcp = self.connect().await;
            tcp.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .await?;
            let mut answer = String::new();
            tcp.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"))
        };
        matches!(timeout(Duration::from_secs(1), ask).await, Ok(Ok(true)))
    }
}

/// A plain router: hello, work that takes half a second, streams without an end, handlers that never answer, a panic.
pub(crate) fn routes() -> Router {
    let (reporter, health) = tonic_health::server::health_reporter();
    drop(reporter);
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/peer",
            get(|Extension(peer): Extension<Peer>| async move { format!("{} {}", peer.addr, peer.tls) }),
        )
        .route("/work", get(work))
        .route("/stream", get(|| async { open_stream("text/plain") }))
        .route("/flood", get(flood))
        .route("/hang", get(std::future::pending::<&str>))
        .route("/panic", get(panics))
        .route("/block", get(block))
        .route("/test.Test/Open", post(|| async { open_stream("application/grpc") }))
        .route("/test.Test/Hang", post(std::future::pending::<&str>))
        .route_service("/grpc.health.v1.Health/{method}", health)
}

pub(crate) async fn work() -> Vec<u8> {
    sleep(Duration::from_millis(500)).await;
    vec![b'w'; WORK]
}

/// Holds its thread for longer than a test should, as a call of blocking code in a handler does.
#[expect(
    clippy::disallowed_methods,
    reason = "to block the thread is the point"
)]
async fn block() -> &'static str {
    std::thread::sleep(Duration::from_millis(500));
    "hello"
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

/// One chunk, then nothing for ever.
pub(crate) fn open_stream(content_type: &str) -> Response<Body> {
    let first = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from_static(
        b"\0\0\0\0\0",
    ))]);
    Response::builder()
        .header("content-type", content_type)
        .body(Body::from_stream(first.chain(stream::pending())))
        .unwrap()
}

/// Always has another chunk.
pub(crate) async fn flood() -> Body {
    Body::from_stream(stream::repeat_with(|| {
        Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'f'; 16 * 1024]))
    }))
}

/// Sends one HTTP/1.1 request.
pub(crate) async fn ask(tcp: &mut TcpStream, path: &str) {
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    tcp.write_all(head.as_bytes()).await.unwrap();
}

/// Reads up to the end of `marker`.
pub(crate) async fn read_until(tcp: &mut TcpStream, marker: &str) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains(marker) {
        let read = timeout(Duration::from_secs(5), tcp.read(&mut buffer));
        match read.await.expect("no answer") {
            Ok(1..) if seen.len() > 1 << 20 => break,
            Ok(read @ 1..) => seen.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// Reads to the end of the connection: what came, and whether it ended with a reset.
pub(crate) async fn read_to_end(tcp: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut seen = Vec::new();
    let result = timeout(Duration::from_secs(10), tcp.read_to_end(&mut seen)).await;
    let reset = result.expect("the connection does not end").is_err();
    (seen, reset)
}

/// An HTTP/2 client over an open connection; its connection task runs on the current runtime.
pub(crate) async fn http2<T>(io: T) -> h2::client::SendRequest<Bytes>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (client, connection) = h2::client::handshake(io).await.unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

pub(crate) fn get_request(path: &str) -> Request<()> {
    Request::get(format!("http://test{path}")).body(()).unwrap()
}

pub(crate) fn grpc_request(path: &str) -> Request<()> {
    Request::post(format!("http://test{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap()
}

/// A certificate for `localhost`, loaded from files as a service does; with it a client that trusts it.
pub(crate) fn certificate() -> (Arc<rustls::ServerConfig>, rustls::ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let chain = write_file("tls.crt", &made.cert.pem());
    let key = write_file("tls.key", &made.signing_key.serialize_pem());
    let server = msf_service::edge::tls::load(&chain, &key).unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, client)
}

/// A new file of its own.
pub(crate) fn write_file(name: &str, text: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("msf-edge-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
