//! Many requests at once, each on a connection of its own.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use super::Void;
use super::load::answered;

/// One answer of a burst.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Whether it says when to come again.
    pub(crate) retry_after: bool,
    pub(crate) took: Duration,
}

/// Connects for each of `requests`, then sends all of them at once and waits for every answer.
///
/// Blocks the thread.
pub(crate) fn burst(address: &str, requests: Vec<Bytes>) -> Result<Vec<Reply>, Void> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut connected = Vec::new();
        for request in requests {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            connected.push((stream, request));
        }
        let mut waiting = JoinSet::new();
        for (stream, request) in connected {
            waiting.spawn_local(ask(stream, request));
        }
        let mut replies = Vec::new();
        while let Some(ended) = waiting.join_next().await {
            replies.push(ended.map_err(|error| Void::new(error.to_string()))??);
        }
        Ok(replies)
    })
}

async fn ask(mut stream: TcpStream, request: Bytes) -> Result<Reply, Void> {
    let sent = Instant::now();
    stream.write_all(&request).await?;
    let mut buffer = BytesMut::with_capacity(1 << 12);
    let (status, head, _) = answered(&mut stream, &mut buffer).await?;
    let took = sent.elapsed();
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    response
        .parse(&buffer[..head])
        .map_err(|error| Void::new(error.to_string()))?;
    let retry_after = response.headers.iter().any(|header| {
        let seconds = std::str::from_utf8(header.value).unwrap_or_default();
        header.name.eq_ignore_ascii_case("retry-after") && seconds.parse::<u32>().is_ok()
    });
    Ok(Reply {
        status,
        retry_after,
        took,
    })
}
