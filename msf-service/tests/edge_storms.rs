//! Clients that are slow, many, rude or gone: bounded, counted, and the next one is answered.

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use futures_util::future::join_all;
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusBuilder;
use msf_service::edge::{Options, Server, Stop};
use support::{
    PREFACE, Running, ask, certificate, get_request, http2, read_to_end, read_until, start,
    start_with,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Short enough to wait for, long enough to tell from "at once" on a busy machine.
const HEADER_TIME: Duration = Duration::from_millis(400);
/// Sooner would be without waiting for it.
const EARLIEST: Duration = Duration::from_millis(350);

fn quick() -> Options {
    let mut options = Options::default();
    options.header_time = HEADER_TIME;
    options
}

/// How long until the server closes `tcp`.
async fn closed_after(tcp: &mut TcpStream) -> Duration {
    let began = Instant::now();
    read_to_end(tcp).await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_connections() {
    let mut options = Options::default();
    options.header_time = Duration::from_secs(4);
    let server = start(options).await;
    let began = Instant::now();
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(server.connect().await);
    }
    server
        .until("all open", |counts| counts.connections() == 1000)
        .await;
    let opened = began.elapsed();
    assert!(server.answers().await);
    while server.counts.connections() > 0 {
        sleep(Duration::from_millis(20)).await;
    }
    let closed = began.elapsed();
    println!(
        "1,000 idle connections open after {opened:?}, a request answered, all closed after {closed:?}"
    );
    assert!(closed >= Duration::from_secs(4) && closed < Duration::from_secs(10));
    assert!(server.answers().await);
}

#[tokio::test]
async fn what_never_becomes_a_request_is_closed_at_the_header_time() {
    let plain = start(quick()).await;
    let mut options = quick();
    options.tls = Some(certificate().0);
    let tls = start(options).await;
    let half_head: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n";
    let cases = [
        ("no byte", &plain, &b""[..]),
        ("half a preface", &plain, &PREFACE[..20]),
        ("half a head", &plain, half_head),
        ("no byte of TLS", &tls, b""),
        ("half a TLS hello", &tls, &[22, 3, 1, 2, 0, 1, 0]),
    ];
    let ended = join_all(cases.map(|(name, server, bytes)| async move {
        let mut tcp = server.connect().await;
        tcp.write_all(bytes).await.unwrap();
        (name, closed_after(&mut tcp).await)
    }));
    for (name, after) in ended.await {
        println!("{name}: closed after {after:?}");
        assert!(
            after >= EARLIEST && after < HEADER_TIME * 2,
            "{name}: {after:?}"
        );
    }
}

#[tokio::test]
async fn a_byte_now_and_then_does_not_keep_a_head_open() {
    let server = start(quick()).await;
    let drip = async |mut tcp: TcpStream| {
        let began = Instant::now();
        for byte in b"GET / HTTP/1.1\r\nhost: ".iter().cycle() {
            if tcp.write_all(&[*byte]).await.is_err() {
                break;
            }
            let mut nothing = [0];
            let read = timeout(Duration::from_millis(50), tcp.read(&mut nothing));
            if read.await.is_ok() {
                break;
            }
        }
        began.elapsed()
    };
    let drip = async |tcp| {
        timeout(HEADER_TIME * 4, drip(tcp))
            .await
            .expect("still open")
    };
    let first = drip(server.connect().await).await;
    let mut kept = server.connect().await;
    ask(&mut kept, "/").await;
    read_until(&mut kept, "hello").await;
    // Idle for longer than a head may take: the time of the second head begins with its first byte.
    sleep(HEADER_TIME * 2).await;
    let second = drip(kept).await;
    println!("slow first head: closed after {first:?}; slow second head: after {second:?}");
    for took in [first, second] {
        assert!(took >= EARLIEST && took < HEADER_TIME * 2, "{took:?}");
    }
}

#[tokio::test]
async fn idle_and_old_connections_are_told_to_leave() {
    let mut options = Options::default();
    options.idle_time = HEADER_TIME;
    let idle = start(options).await;
    let mut options = Options::default();
    options.max_connection_age = Some(HEADER_TIME);
    let old = start(options).await;

    let mut tcp = idle.connect().await;
    ask(&mut tcp, "/").await;
    read_until(&mut tcp, "hello").await;
    let http1 = closed_after(&mut tcp).await;
    let client = http2(idle.connect().await).await;
    let began = Instant::now();
    while client.clone().ready().await.is_ok() {
        sleep(Duration::from_millis(5)).await;
    }
    let http2 = began.elapsed();
    println!("idle HTTP/1: closed after {http1:?}; idle HTTP/2: told to leave after {http2:?}");
    assert!(http1 >= EARLIEST && http1 < HEADER_TIME * 2);
    assert!(http2 >= EARLIEST && http2 < HEADER_TIME * 2);

    let mut busy = old.connect().await;
    let began = Instant::now();
    loop {
        ask(&mut busy, "/").await;
        if read_until(&mut busy, "hello")
            .await
            .contains("connection: close")
        {
            break;
        }
        sleep(Duration::from_millis(5)).await;
        assert!(
            began.elapsed() < HEADER_TIME * 2,
            "an old connection goes on"
        );
        if closed(&mut busy) {
            break;
        }
    }
    println!(
        "busy connection of an age of {HEADER_TIME:?}: told to leave after {:?}",
        began.elapsed()
    );
    assert!(began.elapsed() >= HEADER_TIME.mul_f64(0.85));
}

/// It asks for an endless answer and reads none of it.
#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let mut options = Options::default();
    options.idle_time = HEADER_TIME;
    let server = start(options).await;
    let mut tcp = server.connect().await;
    let began = Instant::now();
    ask(&mut tcp, "/flood").await;
    server
        .until("a request", |counts| counts.requests() == 1)
        .await;
    server
        .until("given up", |counts| counts.connections() == 0)
        .await;
    let after = began.elapsed();
    println!("unread answer: given up after {after:?}");
    assert!(after >= EARLIEST && after < HEADER_TIME * 4, "{after:?}");
    let closed = r#"msf_connections_closed_total{service="service",reason="unread"} 1"#;
    assert!(recorder.handle().render().contains(closed));
    assert!(server.answers().await);
}

fn closed(tcp: &mut TcpStream) -> bool {
    let mut byte = [0];
    matches!(tcp.try_read(&mut byte), Ok(0))
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_in_the_kernel() {
    let mut options = Options::default();
    options.max_connections = 10;
    let server = start(options).await;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(server.connect().await);
    }
    server
        .until("ten", |counts| counts.connections() == 10)
        .await;
    let mut waiting = server.connect().await;
    ask(&mut waiting, "/").await;
    let mut answer = [0; 1024];
    let early = timeout(Duration::from_millis(100), waiting.read(&mut answer)).await;
    assert!(early.is_err(), "served beyond the limit");
    assert_eq!(server.counts.accepted(), 10);
    open.pop();
    assert!(
        read_until(&mut waiting, "hello")
            .await
            .starts_with("HTTP/1.1 200")
    );
}

/// Frames by hand: the h2 crate is too polite a client to overrun the limits.
struct RawHttp2 {
    tcp: TcpStream,
}

impl RawHttp2 {
    async fn open(server: &Running) -> Self {
        let mut tcp = server.connect().await;
        tcp.write_all(PREFACE).await.unwrap();
        Self { tcp }
    }

    /// `GET path`, complete with its head.
    fn head(stream: u32, path: &str) -> Vec<u8> {
        let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
        block.extend_from_slice(path.as_bytes());
        block.extend_from_slice(&[0x01, 1, b'x']);
        let mut frame = vec![0, 0, u8::try_from(block.len()).unwrap(), 1, 0x05];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(&block);
        frame
    }

    fn reset(stream: u32) -> Vec<u8> {
        let mut frame = vec![0, 0, 4, 3, 0];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(&8u32.to_be_bytes());
        frame
    }

    /// Reads frames until the connection ends; the error code of its GOAWAY, and how many streams were reset.
    async fn ending(&mut self) -> (Option<u32>, usize) {
        let (mut goaway, mut resets) = (None, 0);
        let mut head = [0; 9];
        while let Ok(Ok(_)) = timeout(Duration::from_secs(2), self.tcp.read_exact(&mut head)).await
        {
            let length =
                usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let mut payload = vec![0; length];
            if self.tcp.read_exact(&mut payload).await.is_err() {
                break;
            }
            match head[3] {
                3 => resets += 1,
                7 => goaway = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap())),
                _ => {}
            }
        }
        (goaway, resets)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_streams_are_refused() {
    let mut options = Options::default();
    options.max_streams = 8;
    options.max_error_resets = 50;
    let server = start(options).await;

    let mut polite = http2(server.connect().await).await;
    let mut answers = Vec::new();
    for _ in 0..8 {
        polite = polite.ready().await.unwrap();
        answers.push(polite.send_request(get_request("/hang"), true).unwrap());
    }
    server.until("eight", |counts| counts.requests() == 8).await;

    let mut rude = RawHttp2::open(&server).await;
    let mut most = 0;
    for n in 0..500u32 {
        if rude
            .tcp
            .write_all(&RawHttp2::head(2 * n + 1, "/hang"))
            .await
            .is_err()
        {
            break;
        }
        most = most.max(server.counts.requests());
    }
    let (goaway, resets) = rude.ending().await;
    println!(
        "500 streams where 8 are allowed: at most {most} requests of both clients, {resets} refused, GOAWAY {goaway:?}"
    );
    assert!(most <= 16, "{most} requests at once");
    assert!(resets >= 40 && goaway.is_none_or(|code| code == 11));
    drop((answers, polite));
    server
        .until("both clients are gone", |counts| counts.requests() == 0)
        .await;
    assert!(server.answers().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_storm_closes_its_connection() {
    let server = start(Options::default()).await;
    let began = Instant::now();
    let storms = (0..8).map(|_| async {
        let mut raw = RawHttp2::open(&server).await;
        let mut sent = 0;
        for batch in 0..200u32 {
            let mut frames = Vec::new();
            for n in 0..100 {
                let stream = 2 * (batch * 100 + n) + 1;
                frames.extend(RawHttp2::head(stream, "/hang"));
                frames.extend(RawHttp2::reset(stream));
            }
            if raw.tcp.write_all(&frames).await.is_err() {
                break;
            }
            sent += 100;
        }
        (sent, raw.ending().await.0)
    });
    let mut sent = 0;
    for (streams, goaway) in join_all(storms).await {
        sent += streams;
        assert!(
            goaway.is_none_or(|code| code == 11),
            "ENHANCE_YOUR_CALM, not {goaway:?}"
        );
    }
    server
        .until("every storm is over", |counts| counts.connections() == 0)
        .await;
    println!(
        "8 storms took {sent} of 160,000 resets and ended in {:?}",
        began.elapsed()
    );
    server
        .until("every handler is gone", |counts| counts.requests() == 0)
        .await;
    assert!(sent < 160_000, "no storm was stopped");
    assert!(server.answers().await);
}

#[tokio::test]
async fn heads_that_are_too_large_are_answered() {
    let server = start(Options::default()).await;
    let mut tcp = server.connect().await;
    let head = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n",
        "a".repeat(70_000)
    );
    let _ = tcp.write_all(head.as_bytes()).await;
    let (answer, _) = read_to_end(&mut tcp).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 431 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );

    let mut client = http2(server.connect().await).await;
    let request = http::Request::get("http://test/")
        .header("x-large", "a".repeat(20_000))
        .body(())
        .unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    assert_eq!(
        answer.await.unwrap().status(),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
    assert!(server.answers().await);
}

/// Refused by the head alone: the client is still writing when the answer comes and the connection ends.
#[tokio::test]
async fn the_answer_to_an_unread_body_arrives() {
    let routes = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/refuse", post(|| async { StatusCode::PAYLOAD_TOO_LARGE }));
    let server = start_with(Options::default(), routes).await;
    for length in [100_000, 3_000_000, 20_000_000] {
        let mut tcp = server.connect().await;
        let head = format!("POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        tcp.write_all(head.as_bytes()).await.unwrap();
        let _ = tcp.write_all(&vec![b'x'; length]).await;
        let (answer, reset) = read_to_end(&mut tcp).await;
        let answer = String::from_utf8_lossy(&answer);
        println!(
            "{length} bytes refused: {:?}, reset {reset}",
            answer.lines().next()
        );
        assert!(answer.starts_with("HTTP/1.1 413 "), "{length}: {answer:?}");
    }
}

#[tokio::test]
async fn panics_are_counted_and_hurt_nobody_else() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let mut options = quick();
    options.service = "panicky".into();
    let server = start(options).await;

    let mut tcp = server.connect().await;
    ask(&mut tcp, "/panic").await;
    assert_eq!(read_to_end(&mut tcp).await.0, b"");

    let mut client = http2(server.connect().await).await;
    let (failing, _) = client.send_request(get_request("/panic"), true).unwrap();
    assert!(failing.await.is_err());
    let (working, _) = client
        .clone()
        .ready()
        .await
        .unwrap()
        .send_request(get_request("/"), true)
        .unwrap();
    assert_eq!(working.await.unwrap().status(), StatusCode::OK);
    assert_eq!((server.counts.panics(), server.counts.requests()), (2, 0));
    assert!(server.answers().await);

    let mut slow = server.connect().await;
    slow.write_all(b"GET").await.unwrap();
    read_to_end(&mut slow).await;
    let page = recorder.handle().render();
    for line in [
        r#"msf_connection_panics_total{service="panicky"} 2"#,
        r#"msf_connections_total{service="panicky"} 4"#,
        r#"msf_connections_open{service="panicky"} 1"#,
        r#"msf_connections_closed_total{service="panicky",reason="panic"} 1"#,
        r#"msf_connections_closed_total{service="panicky",reason="header_time"} 1"#,
        r#"msf_connections_cut_total{service="panicky"} 0"#,
    ] {
        assert!(page.contains(line), "no {line} in\n{page}");
    }
}

/// Says when the handler's future is gone.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_client_that_leaves_drops_its_handler() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&dropped);
    let hang = move || {
        let dropped = Dropped(Arc::clone(&seen));
        async move {
            std::future::pending::<()>().await;
            drop(dropped);
        }
    };
    let server = start_with(Options::default(), Router::new().route("/hang", get(hang))).await;
    let gone = async |n| {
        server
            .until("dropped", |counts| counts.requests() == 0)
            .await;
        assert_eq!(dropped.load(Ordering::Relaxed), n);
    };

    let mut tcp = server.connect().await;
    ask(&mut tcp, "/hang").await;
    server
        .until("HTTP/1", |counts| counts.requests() == 1)
        .await;
    drop(tcp);
    gone(1).await;

    let mut client = http2(server.connect().await).await;
    let (answer, mut stream) = client.send_request(get_request("/hang"), true).unwrap();
    server
        .until("HTTP/2", |counts| counts.requests() == 1)
        .await;
    stream.send_reset(h2::Reason::CANCEL);
    gone(2).await;
    assert!(answer.await.is_err());

    let (io, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let (answer, _) = io.clone().send_request(get_request("/hang"), true).unwrap();
    server
        .until("HTTP/2 again", |counts| counts.requests() == 1)
        .await;
    connection.abort();
    gone(3).await;
    drop(answer);
}

/// Runs [`out_of_files`] in a process that may open forty files.
#[test]
fn running_out_of_files_does_not_end_the_loop() {
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            r#"ulimit -n 40 && exec "$0" --exact out_of_files --ignored --nocapture"#,
        ])
        .arg(this)
        .env("EDGE_OUT_OF_FILES", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "run by running_out_of_files_does_not_end_the_loop, under a limit"]
async fn out_of_files() {
    if std::env::var_os("EDGE_OUT_OF_FILES").is_none() {
        return;
    }
    let server = start(Options::default()).await;
    let mut open = Vec::new();
    while let Ok(tcp) = TcpStream::connect(server.addr).await {
        open.push(tcp);
    }
    server
        .until("accept fails", |counts| counts.accept_errors() >= 3)
        .await;
    let (failures, accepted) = (server.counts.accept_errors(), server.counts.accepted());
    drop(open);
    server
        .until("all gone", |counts| counts.connections() == 0)
        .await;
    assert!(server.answers().await);
    println!(
        "{accepted} accepted, then out of files: accept failed {failures} times, and serves again"
    );
}

#[tokio::test]
async fn an_address_in_use_says_so_and_what_to_do() {
    let first = start(Options::default()).await;
    let error = Server::bind(first.addr, Options::default())
        .await
        .unwrap_err();
    let text = error.to_string();
    println!("{text}");
    assert_eq!(
        (error.addr(), error.kind()),
        (first.addr, std::io::ErrorKind::AddrInUse)
    );
    let port = first.addr.port();
    for part in [
        format!("cannot listen on {}: port {port} is in use", first.addr),
        format!("ss -ltnp 'sport = :{port}'"),
        "`--listen 127.0.0.1:0`".to_owned(),
    ] {
        assert!(text.contains(&part), "no {part:?} in {text:?}");
    }
    let elsewhere = Server::bind("192.0.2.1:0".parse().unwrap(), Options::default())
        .await
        .unwrap_err();
    println!("{elsewhere}");
    assert!(
        elsewhere
            .to_string()
            .contains("no interface with the address 192.0.2.1")
    );

    // The connections of a server that stopped are in TIME_WAIT; the port is free all the same.
    let addr = first.addr;
    assert!(first.answers().await);
    first.stop.soft.cancel();
    first.drained().await;
    let again = Server::bind(addr, Options::default()).await.unwrap();
    assert_eq!(again.local_addr(), addr);
    let stop = Stop::new();
    stop.hard.cancel();
    let service = tower::service_fn(async |_| Ok::<_, Infallible>(http::Response::default()));
    assert_eq!(again.serve(service, stop).await.accepted, 0);
}
