//! A closed loop over HTTP/1.1: each connection sends its next request when the answer to the last one is there.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use super::{Pace, Process, Void};
use crate::model::quantile;

/// How long a window waits for its first answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one connection sends, and which answers it expects.
pub(crate) trait Script {
    /// The next request, head and body.
    fn next(&mut self) -> Bytes;

    /// Looks at the answer to it. An error voids the window.
    fn check(&mut self, answer: &Answer<'_>) -> Result<(), Void>;

    /// How long it waits before its next request. None unless a script says so.
    fn pause(&self) -> Option<Duration> {
        None
    }
}

/// One answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// Why this answer voids a window.
    pub(crate) fn unexpected(&self) -> Void {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(200)]);
        Void::new(format!("answer {}: {body}", self.status))
    }
}

/// The same request again and again, and the same answer expected.
#[derive(Clone, Debug)]
pub(crate) struct Repeat {
    pub(crate) request: Bytes,
    pub(crate) body: Bytes,
}

/// What one window of load showed.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) answered: u64,
    pub(crate) elapsed: Duration,
    /// Of each measured process, in their order.
    pub(crate) cpu: Vec<Duration>,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Window {
    /// CPU time of all measured processes for one request, in microseconds.
    pub(crate) fn cpu_per_request(&self) -> f64 {
        let cpu: Duration = self.cpu.iter().sum();
        cpu.as_secs_f64() * 1e6 / self.answered_f64()
    }

    /// CPU time of the measured process at this place for one request, in microseconds.
    pub(crate) fn cpu_per_request_of(&self, at: usize) -> f64 {
        let cpu = self.cpu.get(at).copied().unwrap_or_default();
        cpu.as_secs_f64() * 1e6 / self.answered_f64()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.answered_f64() / self.elapsed.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "a count within seconds")]
    fn answered_f64(&self) -> f64 {
        self.answered as f64
    }
}

impl Script for Repeat {
    fn next(&mut self) -> Bytes {
        self.request.clone()
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), Void> {
        if answer.status == 200 && answer.body == self.body {
            return Ok(());
        }
        Err(answer.unexpected())
    }
}

/// A GET of `path`, with a bearer token where there is one.
pub(crate) fn get(path: &str, token: Option<&str>) -> Bytes {
    request("GET", path, token, None)
}

/// A POST of a JSON body to `path`.
pub(crate) fn post(path: &str, token: Option<&str>, json: &[u8]) -> Bytes {
    request("POST", path, token, Some(json))
}

fn request(method: &str, path: &str, token: Option<&str>, json: Option<&[u8]>) -> Bytes {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n");
    if let Some(token) = token {
        let _ = write!(head, "authorization: Bearer {token}\r\n");
    }
    if let Some(json) = json {
        let _ = write!(
            head,
            "content-type: application/json\r\ncontent-length: {}\r\n",
            json.len()
        );
    }
    head += "\r\n";
    let mut whole = head.into_bytes();
    whole.extend_from_slice(json.unwrap_or_default());
    whole.into()
}

/// What all connections of a window write to. They share one thread.
#[derive(Debug, Default)]
struct Tally {
    counting: Cell<bool>,
    ending: Cell<bool>,
    latencies: RefCell<Vec<f64>>,
}

/// One window: warms up, counts, and lets each connection finish what it has sent. One connection for each script.
///
/// Blocks the thread, on which all connections live.
pub(crate) fn load<S: Script + 'static>(
    pace: Pace,
    address: &str,
    scripts: Vec<S>,
    measured: &[&Process],
) -> Result<Window, Void> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let tally = Rc::new(Tally::default());
        let mut connections = JoinSet::new();
        for script in scripts {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            connections.spawn_local(run(stream, script, Rc::clone(&tally)));
        }
        let failure = tokio::time::timeout(pace.warm_up, first_failure(&mut connections)).await;
        if let Ok(failure) = failure {
            return Err(failure);
        }
        let before: Vec<_> = readings(measured)?;
        tally.counting.set(true);
        let began = Instant::now();
        let mut failure = tokio::time::timeout(pace.window, first_failure(&mut connections)).await;
        // A short window of a slow build ends with its first answer.
        while failure.is_err() && tally.latencies.borrow().is_empty() && began.elapsed() < PATIENCE
        {
            failure = tokio::time::timeout(pace.warm_up, first_failure(&mut connections)).await;
        }
        tally.counting.set(false);
        let elapsed = began.elapsed();
        let after: Vec<_> = readings(measured)?;
        tally.ending.set(true);
        if let Ok(failure) = failure {
            return Err(failure);
        }
        while let Some(ended) = connections.join_next().await {
            ended.map_err(|error| Void::new(error.to_string()))??;
        }
        let cpu = after.iter().zip(&before);
        let cpu = cpu.map(|(after, before)| after.since(before));
        let mut latencies = tally.latencies.take();
        latencies.sort_by(f64::total_cmp);
        let part = |part| quantile(&latencies, part).map(Duration::from_secs_f64);
        let (Some(p50), Some(p99)) = (part(0.5), part(0.99)) else {
            return Err(Void::new("no answer within the window"));
        };
        Ok(Window {
            answered: latencies.len() as u64,
            elapsed,
            cpu: cpu.collect::<Result<_, _>>()?,
            p50,
            p99,
        })
    })
}

fn readings(measured: &[&Process]) -> Result<Vec<super::CpuReading>, Void> {
    measured.iter().map(|process| process.cpu()).collect()
}

/// Resolves when a connection ends, which none does by itself.
async fn first_failure(connections: &mut JoinSet<Result<(), Void>>) -> Void {
    match connections.join_next().await {
        Some(Ok(Err(void))) => void,
        Some(Ok(Ok(()))) | None => Void::new("a connection ended early"),
        Some(Err(error)) => Void::new(error.to_string()),
    }
}

async fn run<S: Script>(
    mut stream: TcpStream,
    mut script: S,
    tally: Rc<Tally>,
) -> Result<(), Void> {
    let mut buffer = BytesMut::with_capacity(1 << 14);
    while !tally.ending.get() {
        let request = script.next();
        let sent = Instant::now();
        stream.write_all(&request).await?;
        let (status, head, body) = answered(&mut stream, &mut buffer).await?;
        if tally.counting.get() {
            tally
                .latencies
                .borrow_mut()
                .push(sent.elapsed().as_secs_f64());
        }
        let answer = Answer {
            status,
            body: &buffer[head..head + body],
        };
        script.check(&answer)?;
        buffer.advance(head + body);
        if let Some(pause) = script.pause() {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(())
}

/// Reads until `buffer` begins with one whole answer: its status, the length of its head and of its body.
pub(super) async fn answered(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
) -> Result<(u16, usize, usize), Void> {
    loop {
        if let Some((status, head, body)) = head_of(buffer)? {
            if buffer.len() >= head + body {
                return Ok((status, head, body));
            }
            buffer.reserve(head + body - buffer.len());
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(Void::new("the connection was closed"));
        }
    }
}

/// Status, length of the head, length of the body; `None` where the head is not whole yet.
pub(super) fn head_of(buffer: &[u8]) -> Result<Option<(u16, usize, usize)>, Void> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response
        .parse(buffer)
        .map_err(|error| Void::new(error.to_string()))?;
    let httparse::Status::Complete(head) = parsed else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    match length {
        Some(length) => Ok(Some((status, head, length))),
        None if status == 204 => Ok(Some((status, head, 0))),
        None => Err(Void::new(format!("answer {status} without a length"))),
    }
}
