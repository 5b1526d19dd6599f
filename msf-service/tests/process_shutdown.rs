//! SIGTERM to a real process: it ends within its grace whatever the clients do, and drops no request it could answer.

mod process;
mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use futures_util::future::join_all;
use msf_service::embed::Embed;
use msf_service::http::Routes;
use msf_service::{App, Boot, Host, Info, Rule};
use process::{Ended, Running, become_program, get, program};
use support::rows::{ROWS, Row};
use support::{flood, open_stream, work};
use tokio::time::{Instant, sleep};

const GRACE: Duration = Duration::from_secs(2);
/// What a stop may take: the grace, and a little for an end of the process on a busy machine.
const BOUND: Duration = Duration::from_millis(2300);

async fn app(_: Boot<()>) -> msf_service::Result<App> {
    Ok(stubborn())
}

/// Everything that a stop may have to wait for.
fn stubborn() -> App {
    let all = || Rule::public("a test");
    let routes = Routes::new()
        .get("/", all(), || async { "hello" })
        .get("/work", all(), work)
        .get("/stream", all(), || async { open_stream("text/plain") })
        .get("/flood", all(), flood)
        .get("/hang", all(), std::future::pending::<&str>)
        .post("/test.Test/Open", all(), || async {
            open_stream("application/grpc")
        })
        .post("/test.Test/Hang", all(), std::future::pending::<&str>);
    App::new().http(routes)
}

#[test]
fn entry() {
    become_program(|_, arguments, variables| {
        Host::alone(Info::new("stubborn", "0.1.0"), app).run_with(arguments, variables)
    });
}

async fn start() -> Running {
    process::program("stubborn")
        .args(["--set", "shutdown.grace=2s"])
        .ready()
        .await
}

/// As many connections as the clients opened: each is known to the server.
async fn until_accepted(process: &Running, connections: u64) {
    process
        .metric("msf_connections_total{service=\"stubborn\"}", connections)
        .await;
    // What a client wrote has no trace of its own in the metrics, so that it has a moment to be read.
    sleep(Duration::from_millis(50)).await;
}

fn cut(ended: &Ended) -> u64 {
    let stopped = ended.logged("stopped serving");
    assert_eq!(stopped.len(), 1, "{ended:?}");
    stopped[0]["cut"].as_u64().unwrap()
}

/// Readiness ends a moment after the signal.
async fn until_not_ready(process: &Running) {
    let not_ready = async {
        while get(process.admin(), "/readyz").await.0 == 200 {
            sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_millis(500), not_ready).await;
    assert!(waited.is_ok(), "it stays ready");
}

async fn stop_in(name: &str, row: Row) -> String {
    let mut start = program("stubborn").args(["--set", "shutdown.grace=2s"]);
    if row == Row::HalfTlsHello {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        start = start
            .file("tls.crt", &made.cert.pem())
            .file("tls.key", &made.signing_key.serialize_pem())
            .args(["--set", "http.tls.certificate=tls.crt"])
            .args(["--set", "http.tls.key=tls.key"]);
    }
    let mut process = start.ready().await;
    let client = row.open(process.http()).await;
    until_accepted(&process, 1).await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    client
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let (_, _, expected) = row.expected();
    assert_eq!(
        (ended.code, cut(&ended)),
        (Some(0), u64::try_from(expected).unwrap()),
        "{name}: {ended:?}"
    );
    assert!(ended.took <= BOUND, "{name}: {ended:?}");
    if matches!(row, Row::IdleKeepAlive | Row::IdleHttp2) {
        assert!(ended.took < GRACE / 4, "{name}: {ended:?}");
    }
    format!(
        "{name:<36} {:>6} ms, exit code {}, {} cut",
        ended.took.as_millis(),
        ended.code.unwrap(),
        cut(&ended)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_a_client() {
    let mut table = Vec::new();
    // A few at a time: each is a process.
    for rows in ROWS.chunks(5) {
        table.extend(join_all(rows.iter().map(|(name, row)| stop_in(name, *row))).await);
    }
    println!("{}", table.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_states_at_once_on_fifty_connections() {
    let mut process = start().await;
    let plain: Vec<_> = ROWS
        .into_iter()
        .map(|row| row.1)
        .filter(|row| *row != Row::HalfTlsHello)
        .collect();
    let rows: Vec<_> = (0..50).map(|n| plain[n % plain.len()]).collect();
    let mut clients = Vec::new();
    for row in &rows {
        clients.push((row, row.open(process.http()).await));
    }
    until_accepted(&process, 50).await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    for (row, client) in clients {
        client
            .await
            .unwrap_or_else(|error| panic!("{row:?}: {error}"));
    }
    println!(
        "50 connections in 14 states: {:?}, exit code {:?}, {} cut",
        ended.took,
        ended.code,
        cut(&ended)
    );
    let unread: usize = rows.iter().map(|row| row.expected().2).sum();
    assert_eq!(
        (ended.code, cut(&ended)),
        (Some(0), u64::try_from(unread).unwrap()),
        "{ended:?}"
    );
    assert!(ended.took <= BOUND, "{ended:?}");
}

/// The process stands still while the requests are written and the signal comes: none of them can have been read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_written_but_not_read_are_answered() {
    stop_over_unread_requests().await;
}

/// The window is milliseconds wide: sixty more chances to hit it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "soak"]
async fn soak_requests_written_but_not_read_are_answered() {
    for _ in 0..60 {
        stop_over_unread_requests().await;
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what the test is for")]
async fn stop_over_unread_requests() {
    const MANY: usize = 250;
    let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let connect = |address: SocketAddr| {
        let tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        tcp
    };
    let mut process = start().await;
    let address = process.http();
    let mut kept: Vec<_> = (0..MANY).map(|_| connect(address)).collect();
    for tcp in &mut kept {
        tcp.write_all(request).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"hello") {
            let mut buffer = [0; 512];
            let read = tcp.read(&mut buffer).unwrap();
            answer.extend_from_slice(&buffer[..read]);
        }
    }
    process.signal("STOP").await;
    for tcp in &mut kept {
        tcp.write_all(request).unwrap();
    }
    let fresh: Vec<_> = (0..MANY)
        .map(|_| {
            let mut tcp = connect(address);
            tcp.write_all(request).unwrap();
            tcp
        })
        .collect();
    process.signal("TERM").await;
    process.signal("CONT").await;
    let answered = |mut tcp: TcpStream| {
        let mut answer = Vec::new();
        let whole = tcp.read_to_end(&mut answer).is_ok();
        whole && answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"hello")
    };
    let clients = tokio::task::spawn_blocking(move || {
        let count = |all: Vec<_>| all.into_iter().map(answered).filter(|ok| *ok).count();
        (count(fresh), count(kept))
    });
    let (backlog, unread) = clients.await.unwrap();
    let ended = process.ended().await;
    println!(
        "in the kernel's backlog: {backlog} of {MANY} answered; accepted and unread: {unread} of {MANY}; {:?}, exit code {:?}",
        ended.took, ended.code
    );
    assert_eq!((backlog, unread), (MANY, MANY));
    assert_eq!((ended.code, cut(&ended)), (Some(0), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let mut process = start().await;
    let mut clients = Vec::new();
    for row in [Row::GrpcHang, Row::HttpStream, Row::Watch, Row::Unread] {
        clients.push(row.open(process.http()).await);
    }
    until_accepted(&process, 4).await;
    process.signal("TERM").await;
    process.logs("\"stopping\"").await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    println!(
        "second signal: {:?}, exit code {:?}, {} cut",
        ended.took,
        ended.code,
        cut(&ended)
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.took < Duration::from_millis(200), "{ended:?}");
    clients.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_answer_to_the_end() {
    let mut process = start().await;
    let (main, admin) = (process.http(), process.admin());
    let stream = Row::HttpStream.open(main).await;
    assert_eq!(get(admin, "/readyz").await.0, 200);
    process.signal("TERM").await;
    until_not_ready(&process).await;
    let began = Instant::now();
    let (mut answers, mut last) = (0, Duration::ZERO);
    while !stream.is_finished() {
        let (ready, live) = tokio::join!(get(admin, "/readyz"), get(admin, "/livez"));
        // Between its last app's end and its own the admin port tells that all has stopped.
        let over = live.1.contains("\"stopped\"");
        let alive = if over { 503 } else { 200 };
        assert_eq!((ready.0, live.0), (503, alive), "{} {}", ready.1, live.1);
        if over {
            break;
        }
        (answers, last) = (answers + 1, began.elapsed());
        // What was in the backlog at the signal is still taken, so that the port closes a moment later.
        assert!(
            TcpStream::connect(main).is_err() || last < Duration::from_millis(200),
            "a new connection is taken"
        );
        sleep(Duration::from_millis(50)).await;
    }
    stream.await.unwrap();
    let ended = process.ended().await;
    println!(
        "{answers} times not ready and live through {last:?} of the drain, exit after {:?}",
        ended.took
    );
    assert!(last > GRACE / 2, "{last:?}");
    assert_eq!(ended.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_the_drain_delay_requests_are_answered() {
    let mut process = program("stubborn")
        .args(["--set", "shutdown.grace=2s"])
        .args(["--set", "shutdown.drain_delay=600ms"])
        .ready()
        .await;
    let (main, admin) = (process.http(), process.admin());
    process.signal("TERM").await;
    let began = Instant::now();
    until_not_ready(&process).await;
    let mut answers = 0;
    while began.elapsed() < Duration::from_millis(400) {
        assert_eq!(get(admin, "/readyz").await.0, 503);
        assert_eq!(get(main, "/readyz").await.0, 503);
        assert_eq!(get(main, "/").await, (200, "hello".to_owned()));
        answers += 1;
    }
    let ended = process.ended().await;
    println!(
        "drain delay 600 ms: {answers} requests answered while not ready, exit after {:?}",
        ended.took
    );
    assert_eq!((ended.code, cut(&ended)), (Some(0), 0));
    assert!(ended.took >= Duration::from_millis(600), "{ended:?}");
    assert!(ended.took < Duration::from_millis(900), "{ended:?}");
}

/// The app has a runtime of its own, so that its tasks can be counted.
#[test]
fn no_task_is_left() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    };
    let (servers, clients) = (runtime(), runtime());
    let running = servers
        .block_on(Embed::new("stubborn").start(stubborn()))
        .unwrap();
    let address = running.http();
    let (during, stopped) = clients.block_on(async {
        let mut open = Vec::new();
        for (_, row) in ROWS
            .into_iter()
            .filter(|(_, row)| *row != Row::HalfTlsHello)
        {
            open.push(row.open(address).await);
        }
        sleep(Duration::from_millis(50)).await;
        let during = servers.metrics().num_alive_tasks();
        let stopped = servers.spawn(running.stop(GRACE)).await.unwrap();
        for client in open {
            client.await.unwrap();
        }
        (during, stopped)
    });
    let left = servers.metrics().num_alive_tasks();
    println!("{during} tasks while it ran, {left} after the stop: {stopped:?}");
    assert_eq!((left, stopped.cut), (0, 1));
    assert!(during > 10);
}
