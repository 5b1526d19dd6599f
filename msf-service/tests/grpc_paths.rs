//! A raw HTTP/2 client tries every spelling of a path: none reaches an implementation past its rule.

mod grpc_support;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use grpc_support::{Counting, counters_only, serve};
use http::{HeaderMap, Request, StatusCode};
use msf_core::access::AuthenticateLayer;
use msf_core::context::ContextLayer;
use msf_test_protos::pb::msf::test::v1 as pb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const RIGHT: &str = "/msf.test.v1.Counter/Increment";

/// Spellings that a sloppy router or proxy takes for `RIGHT`.
const WRONG: [&str; 15] = [
    "//msf.test.v1.Counter/Increment",
    "/msf.test.v1.Counter//Increment",
    "/msf.test.v1.Counter/Increment/",
    "/msf.test.v1.Counter/Increment//",
    "/msf.test.v1.Counter%2FIncrement",
    "/msf.test.v1.Counter/%49ncrement",
    "/msf.test.v1.Counter/increment",
    "/MSF.test.v1.Counter/Increment",
    "/msf.test.v1.counter/Increment",
    "/msf.test.v1.Counter/./Increment",
    "/x/../msf.test.v1.Counter/Increment",
    "/msf.test.v1.Counter/Increment;a=b",
    "/msf.test.v1.Counter/Increment%00",
    "/msf.test.v1.Counter/",
    "/msf.test.v1.Counter",
];

/// A gRPC call with an empty message, as bytes on a connection; what came back.
async fn call(address: SocketAddr, path: &str, user: Option<&str>) -> (StatusCode, String) {
    let socket = TcpStream::connect(address).await.expect("the server");
    let (client, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
    tokio::spawn(connection);
    let mut request = Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(user) = user {
        request = request.header("x-user", user);
    }
    let request = request.body(()).expect("a path that can be sent");
    let mut client = client.ready().await.expect("a stream");
    let (answer, mut body) = client.send_request(request, false).expect("a request");
    body.send_data(Bytes::from_static(&[0; 5]), true)
        .expect("a message");
    let answer = answer.await.expect("an answer");
    let (parts, mut body) = answer.into_parts();
    while let Some(data) = body.data().await {
        let data = data.expect("a body");
        let _ = body.flow_control().release_capacity(data.len());
    }
    let trailers = body.trailers().await.expect("trailers").unwrap_or_default();
    let grpc = |headers: &HeaderMap| Some(headers.get("grpc-status")?.to_str().ok()?.to_owned());
    let grpc = grpc(&parts.headers).or_else(|| grpc(&trailers));
    (parts.status, grpc.unwrap_or_default())
}

/// Serves on an axum router, as an app does.
async fn serve_router(counting: &Counting) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let router = pb::guard_counter(counting.clone(), counters_only())
        .into_router()
        .layer(AuthenticateLayer::new(grpc_support::ByHeader))
        .layer(ContextLayer::new());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn try_every_spelling(address: SocketAddr, counting: &Counting) -> Vec<(StatusCode, String)> {
    let allowed = Some("ana counter");
    let mut answers = Vec::new();
    for path in WRONG {
        let anonymous = call(address, path, None).await;
        let known = call(address, path, allowed).await;
        assert_eq!(anonymous, known, "{path} tells who is known");
        assert_eq!(counting.calls(), 0, "{path} reached the implementation");
        answers.push(known);
    }
    // A query is no part of a path: the rule is checked, by the same table.
    for path in [RIGHT.to_owned(), format!("{RIGHT}?a=b")] {
        let calls = counting.calls();
        assert_eq!(call(address, &path, None).await.1, "16", "{path}");
        assert_eq!(call(address, &path, Some("bo")).await.1, "7", "{path}");
        assert_eq!(counting.calls(), calls, "{path} went past its rule");
        let answer = call(address, &path, allowed).await;
        assert_eq!(answer, (StatusCode::OK, "0".to_owned()), "{path}");
        assert_eq!(counting.calls(), calls + 1);
    }
    answers
}

#[tokio::test]
async fn on_a_router_other_spellings_are_not_found_or_unimplemented() {
    let counting = Counting::default();
    let address = serve_router(&counting).await;
    let answers = try_every_spelling(address, &counting).await;
    for (path, (status, grpc)) in WRONG.iter().zip(answers) {
        // Below the service's own path the protocol asks for UNIMPLEMENTED; elsewhere nobody is at home.
        let below = path
            .strip_prefix("/msf.test.v1.Counter/")
            .is_some_and(|rest| !rest.is_empty());
        let expected = if below {
            (StatusCode::OK, "12")
        } else {
            (StatusCode::NOT_FOUND, "")
        };
        assert_eq!((status, &*grpc), expected, "{path}");
    }
}

#[tokio::test]
async fn on_a_plain_tonic_server_other_spellings_are_unimplemented() {
    let counting = Counting::default();
    let address = serve(pb::guard_counter(counting.clone(), counters_only())).await;
    for (status, grpc) in try_every_spelling(address, &counting).await {
        // tonic's own router answers HTTP 200 to every path; the status is what says no.
        assert_eq!((status, &*grpc), (StatusCode::OK, "12"));
    }
}

/// No HTTP library sends a path without its slash, so the frames are written by hand.
#[tokio::test]
async fn a_path_without_its_slash_resets_the_stream() {
    let counting = Counting::default();
    let plain = serve(pb::guard_counter(counting.clone(), counters_only())).await;
    for address in [plain, serve_router(&counting).await] {
        let calls = counting.calls();
        assert_eq!(frames(address, &RIGHT[1..]).await, Answer::Reset);
        assert_eq!(counting.calls(), calls);
        // The same frames with the slash do arrive.
        assert_eq!(frames(address, RIGHT).await, Answer::Headers);
        assert_eq!(counting.calls(), calls + 1);
    }
}

#[derive(Debug, PartialEq)]
enum Answer {
    Headers,
    Reset,
}

/// Sends one request as HTTP/2 frames (RFC 9113), its headers as literals (RFC 7541, 6.2.2).
async fn frames(address: SocketAddr, path: &str) -> Answer {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", path),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("x-user", "ana counter"),
    ] {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("a short text"));
            block.extend(text.as_bytes());
        }
    }
    let (settings, data, headers, reset) = (4, 0, 1, 3);
    let (end_stream, end_headers) = (1, 4);
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(settings, 0, 0, &[]));
    bytes.extend(frame(headers, end_headers, 1, &block));
    bytes.extend(frame(data, end_stream, 1, &[0; 5]));

    let mut socket = TcpStream::connect(address).await.expect("the server");
    socket.write_all(&bytes).await.expect("a request");
    let answer = async {
        loop {
            let mut head = [0; 9];
            socket.read_exact(&mut head).await.expect("a frame");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            socket.read_exact(&mut payload).await.expect("a payload");
            match head[3] {
                kind if kind == headers => return Answer::Headers,
                kind if kind == reset => return Answer::Reset,
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), answer)
        .await
        .expect("an answer in time")
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

mod not_grpc {
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt;

    async fn answer(request: http::request::Builder) -> (StatusCode, String, usize) {
        let counting = Counting::default();
        let router = pb::guard_counter(counting.clone(), counters_only()).into_router();
        let request = request.body(Body::empty()).expect("a request");
        let answer = router.oneshot(request).await.expect("an answer");
        let content_type = answer.headers().get("content-type");
        let content_type = content_type.map_or("", |value| value.to_str().expect("text"));
        (answer.status(), content_type.to_owned(), counting.calls())
    }

    #[tokio::test]
    async fn a_request_of_a_browser_gets_an_answer_of_http() {
        let problem = "application/problem+json".to_owned();
        let expected = (StatusCode::UNSUPPORTED_MEDIA_TYPE, problem.clone(), 0);
        assert_eq!(answer(Request::get(RIGHT)).await, expected);
        for content_type in [
            "application/json",
            "application/grpc-web",
            "application/grpcx",
        ] {
            let request = Request::post(RIGHT).header("content-type", content_type);
            assert_eq!(answer(request).await, expected, "{content_type}");
        }
        let request = Request::get(RIGHT).header("content-type", "application/grpc");
        let expected = (StatusCode::METHOD_NOT_ALLOWED, problem, 0);
        assert_eq!(answer(request).await, expected);
    }
}
