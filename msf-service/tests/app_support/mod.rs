//! Requests as bytes, so that no client mends what a test misspells on purpose.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What came back over HTTP/1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// A header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        values.next().map_or("", |(_, value)| value.trim())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends `request` and reads to the end of the connection: it has to say `connection: close`.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut socket = TcpStream::connect(address).await.expect("the server");
    // A server that has answered may close before it has read all.
    let _ = socket.write_all(request).await;
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(10), socket.read_to_end(&mut bytes));
    let _ = read.await.expect("an answer in time");
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no status: {head}")),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Sends one request over HTTP/1.1; `headers` are whole lines, each with its end.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &str,
    body: &[u8],
) -> Answer {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    exchange(address, &[head.as_bytes(), body].concat()).await
}

/// What came back over HTTP/2: status, headers with trailers, body.
#[derive(Debug)]
pub(crate) struct Answer2 {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer2 {
    /// The `grpc-status`; empty where there is none.
    pub(crate) fn grpc(&self) -> &str {
        let status = self.headers.get("grpc-status");
        status.and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

/// Sends one request over an HTTP/2 connection of its own.
pub(crate) async fn request2(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static [u8],
) -> Answer2 {
    let socket = TcpStream::connect(address).await.expect("the server");
    let (client, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
    tokio::spawn(connection);
    let uri = format!("http://test{path}");
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).expect("a request that can be sent");
    let mut client = client.ready().await.expect("a stream");
    let (answer, mut sending) = client
        .send_request(request, body.is_empty())
        .expect("a request");
    if !body.is_empty() {
        // The server may have answered and reset the stream by now.
        let _ = sending.send_data(Bytes::from_static(body), true);
    }
    let answer = timeout(Duration::from_secs(10), answer);
    let (parts, mut stream) = answer.await.expect("in time").expect("a head").into_parts();
    let mut read = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data.expect("a body");
        let _ = stream.flow_control().release_capacity(data.len());
        read.extend_from_slice(&data);
    }
    let mut headers = parts.headers;
    headers.extend(stream.trailers().await.ok().flatten().unwrap_or_default());
    Answer2 {
        status: parts.status,
        headers,
        body: read,
    }
}

/// A gRPC call with an empty message.
pub(crate) async fn grpc(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer2 {
    let own = [("content-type", "application/grpc"), ("te", "trailers")];
    let headers: Vec<_> = own.into_iter().chain(headers.iter().copied()).collect();
    request2(address, "POST", path, &headers, &[0; 5]).await
}
