//! The states a client can be in when a server stops, and what it must see of the stop.

use std::net::SocketAddr;
use std::time::Duration;

use http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::{PREFACE, WORK, ask, get_request, grpc_request, http2, read_to_end, read_until};

pub(crate) const ROWS: [(&str, Row); 15] = [
    ("idle TCP", Row::IdleTcp),
    ("half a TLS hello", Row::HalfTlsHello),
    ("half an HTTP/2 preface", Row::HalfPreface),
    ("half a request head", Row::HalfHead),
    ("full preface, then silence", Row::SilentHttp2),
    ("idle keep-alive", Row::IdleKeepAlive),
    ("idle HTTP/2", Row::IdleHttp2),
    ("open health Watch", Row::Watch),
    ("open gRPC stream", Row::GrpcStream),
    ("gRPC handler without an answer", Row::GrpcHang),
    ("HTTP handler without an answer", Row::HttpHang),
    ("request in flight", Row::InFlight),
    ("open HTTP/1.1 stream", Row::HttpStream),
    ("open HTTP/1.0 stream", Row::Http10Stream),
    ("open stream, client reads nothing", Row::Unread),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    IdleTcp,
    HalfTlsHello,
    HalfPreface,
    HalfHead,
    SilentHttp2,
    IdleKeepAlive,
    IdleHttp2,
    Watch,
    GrpcStream,
    GrpcHang,
    HttpHang,
    InFlight,
    HttpStream,
    Http10Stream,
    Unread,
}

impl Row {
    /// Earliest and latest end in milliseconds, and connections cut.
    pub(crate) fn expected(self) -> (u64, u64, usize) {
        match self {
            Self::IdleTcp
            | Self::HalfTlsHello
            | Self::HalfPreface
            | Self::HalfHead
            | Self::SilentHttp2 => (980, 1400, 0),
            Self::IdleKeepAlive | Self::IdleHttp2 => (15, 300, 0),
            Self::InFlight => (15, 1000, 0),
            Self::Unread => (1980, 2300, 1),
            _ => (1480, 1800, 0),
        }
    }

    pub(crate) fn requests(self) -> usize {
        match self {
            Self::IdleTcp
            | Self::HalfTlsHello
            | Self::HalfPreface
            | Self::HalfHead
            | Self::SilentHttp2
            | Self::IdleKeepAlive
            | Self::IdleHttp2 => 0,
            _ => 1,
        }
    }

    /// Brings a connection into the state, and returns a task that checks what its client sees at the end.
    pub(crate) async fn open(self, server: SocketAddr) -> JoinHandle<()> {
        let tcp = TcpStream::connect(server).await.unwrap();
        match self {
            Self::Watch => {
                drop(tcp);
                open_watch(server).await
            }
            Self::IdleHttp2 | Self::GrpcStream | Self::GrpcHang => self.open_http2(tcp).await,
            Self::IdleKeepAlive
            | Self::HttpHang
            | Self::InFlight
            | Self::HttpStream
            | Self::Http10Stream
            | Self::Unread => self.open_http1(tcp).await,
            _ => self.open_silent(tcp).await,
        }
    }

    async fn open_silent(self, mut tcp: TcpStream) -> JoinHandle<()> {
        match self {
            Self::IdleTcp => tokio::spawn(async move {
                assert_eq!(read_to_end(&mut tcp).await.0, b"");
            }),
            Self::HalfTlsHello | Self::HalfPreface | Self::HalfHead => {
                let half: &[u8] = match self {
                    Self::HalfTlsHello => &[22, 3, 1, 2, 0, 1, 0, 1, 252],
                    Self::HalfPreface => &PREFACE[..12],
                    _ => b"GET / HTTP/1.1\r\nhost: x\r\nx-half",
                };
                tcp.write_all(half).await.unwrap();
                tokio::spawn(async move {
                    assert_eq!(read_to_end(&mut tcp).await.0, b"");
                })
            }
            Self::SilentHttp2 => {
                tcp.write_all(PREFACE).await.unwrap();
                tokio::spawn(async move {
                    read_to_end(&mut tcp).await;
                })
            }
            other => unreachable!("{other:?}"),
        }
    }

    async fn open_http1(self, mut tcp: TcpStream) -> JoinHandle<()> {
        match self {
            Self::IdleKeepAlive => {
                ask(&mut tcp, "/").await;
                assert!(
                    read_until(&mut tcp, "hello")
                        .await
                        .starts_with("HTTP/1.1 200")
                );
                tokio::spawn(async move {
                    assert_eq!(read_to_end(&mut tcp).await, (vec![], false));
                })
            }
            Self::HttpHang => {
                ask(&mut tcp, "/hang").await;
                tokio::spawn(async move {
                    let (answer, reset) = read_to_end(&mut tcp).await;
                    let answer = String::from_utf8(answer).unwrap();
                    assert!(answer.starts_with("HTTP/1.1 503 ") && !reset, "{answer}");
                    assert!(answer.contains("connection: close"), "{answer}");
                    assert!(answer.contains(r#""code":"shutting_down""#), "{answer}");
                })
            }
            Self::InFlight => {
                ask(&mut tcp, "/work").await;
                tokio::spawn(async move {
                    let (answer, reset) = read_to_end(&mut tcp).await;
                    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
                    let body = end.map(|end| answer.len() - end - 4);
                    assert!(answer.starts_with(b"HTTP/1.1 200") && !reset);
                    assert_eq!(body, Some(WORK), "the body is not complete");
                })
            }
            Self::HttpStream => {
                ask(&mut tcp, "/stream").await;
                read_until(&mut tcp, "\r\n\r\n5\r\n").await;
                tokio::spawn(async move {
                    let (rest, _) = read_to_end(&mut tcp).await;
                    assert!(!rest.ends_with(b"0\r\n\r\n"), "looks complete");
                })
            }
            Self::Http10Stream => {
                tcp.write_all(b"GET /stream HTTP/1.0\r\n\r\n")
                    .await
                    .unwrap();
                read_until(&mut tcp, "\r\n\r\n\0\0\0\0\0").await;
                tokio::spawn(async move {
                    let (_, reset) = read_to_end(&mut tcp).await;
                    assert!(reset, "ends as a complete HTTP/1.0 answer does");
                })
            }
            Self::Unread => {
                ask(&mut tcp, "/flood").await;
                tokio::spawn(async move {
                    sleep(Duration::from_secs(3)).await;
                    drop(tcp);
                })
            }
            other => unreachable!("{other:?}"),
        }
    }

    async fn open_http2(self, tcp: TcpStream) -> JoinHandle<()> {
        match self {
            Self::IdleHttp2 => {
                let mut client = http2(tcp).await;
                let (answer, _) = client.send_request(get_request("/"), true).unwrap();
                let mut body = answer.await.unwrap().into_body();
                assert_eq!(body.data().await.unwrap().unwrap(), "hello");
                tokio::spawn(async move {
                    while client.clone().ready().await.is_ok() {
                        sleep(Duration::from_millis(5)).await;
                    }
                })
            }
            Self::GrpcStream => {
                let mut client = http2(tcp).await;
                let (answer, _) = client
                    .send_request(grpc_request("/test.Test/Open"), true)
                    .unwrap();
                let mut body = answer.await.unwrap().into_body();
                body.data().await.unwrap().unwrap();
                tokio::spawn(async move {
                    assert!(body.data().await.is_none());
                    let trailers = body.trailers().await.unwrap().unwrap();
                    assert_eq!(trailers["grpc-status"], "14");
                })
            }
            Self::GrpcHang => {
                let mut client = http2(tcp).await;
                let (answer, _) = client
                    .send_request(grpc_request("/test.Test/Hang"), true)
                    .unwrap();
                tokio::spawn(async move {
                    let answer = answer.await.unwrap();
                    assert_eq!(answer.status(), StatusCode::OK);
                    assert_eq!(answer.headers()["content-type"], "application/grpc");
                    assert_eq!(answer.headers()["grpc-status"], "14");
                })
            }
            other => unreachable!("{other:?}"),
        }
    }
}

async fn open_watch(server: SocketAddr) -> JoinHandle<()> {
    let url = format!("http://{server}");
    let channel = tonic::transport::Endpoint::from_shared(url).unwrap();
    let mut client = HealthClient::new(channel.connect().await.unwrap());
    let request = HealthCheckRequest {
        service: String::new(),
    };
    let mut watch = client.watch(request).await.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();
    tokio::spawn(async move {
        // The health service of a whole app says first that it serves no longer.
        let status = loop {
            match watch.message().await {
                Ok(told) => assert!(told.is_some(), "it ends without a status"),
                Err(status) => break status,
            }
        };
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert_eq!(status.message(), "the server is shutting down");
    })
}
