//! A JWKS over real sockets: HTTP/1.1 with hyper's client, HTTP/2 with tonic's channel.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{StatusCode, Uri};
use http_body_util::{Empty, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use msf_auth::keys::{HttpKeys, KeyRing, KeySource, Keys as _, RemoteKeys};
use support::serve::start;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tonic::transport::Endpoint;

fn answer(ring: &KeyRing, path: &str) -> Response {
    let long = |length: usize| format!("{}{}", ring.jwks(), " ".repeat(length - ring.jwks().len()));
    match path {
        "good" => ring.response(),
        "moved" => Redirect::permanent("/good").into_response(),
        "found" => Redirect::to("/good").into_response(),
        "missing" => StatusCode::NOT_FOUND.into_response(),
        "created" => (StatusCode::CREATED, ring.jwks()).into_response(),
        "partial" => (StatusCode::PARTIAL_CONTENT, ring.jwks()).into_response(),
        "broken" => (StatusCode::INTERNAL_SERVER_ERROR, ring.jwks()).into_response(),
        "longest" => long(64 * 1024).into_response(),
        "longer" => long(64 * 1024 + 1).into_response(),
        "endless" => {
            let pieces = futures_util::stream::repeat(Bytes::from_static(&[b' '; 1024]));
            Body::from_stream(pieces.map(Ok::<_, std::io::Error>)).into_response()
        }
        "breaks-off" => {
            // The head has to be on its way before the body fails, or there is no answer at all.
            let failure = async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(std::io::Error::other("gone"))
            };
            let begins = futures_util::stream::iter([Ok(Bytes::from_static(b"{\"keys\":["))]);
            Body::from_stream(begins.chain(futures_util::stream::once(failure))).into_response()
        }
        _ => "<html>".into_response(),
    }
}

async fn issuer(ring: &KeyRing) -> SocketAddr {
    let ring = ring.clone();
    let handler = move |axum::extract::Path(path): axum::extract::Path<String>| {
        let ring = ring.clone();
        async move { answer(&ring, &path) }
    };
    start(Router::new().route("/{path}", get(handler))).await
}

fn uri(addr: SocketAddr, path: &str) -> Uri {
    format!("http://{addr}/{path}").parse().unwrap()
}

fn hyper<B>(uri: Uri) -> impl KeySource
where
    B: http_body::Body<Data = Bytes> + Default + Send + Unpin + 'static,
    B::Error: Into<msf_core::BoxError>,
{
    HttpKeys::new(Client::builder(TokioExecutor::new()).build_http::<B>(), uri)
}

/// The path alone is the channel's business: it knows the rest.
fn channel(addr: SocketAddr, path: &str) -> impl KeySource {
    let channel = Endpoint::from_shared(format!("http://{addr}"))
        .unwrap()
        .connect_lazy();
    HttpKeys::new(channel, format!("/{path}").parse().unwrap())
}

#[tokio::test]
async fn any_client_and_any_empty_body_will_do() {
    let ring = KeyRing::generate().unwrap();
    let addr = issuer(&ring).await;
    let expected = ring.jwks();
    assert_eq!(
        hyper::<Empty<Bytes>>(uri(addr, "good"))
            .fetch()
            .await
            .unwrap(),
        expected
    );
    assert_eq!(
        hyper::<Full<Bytes>>(uri(addr, "good"))
            .fetch()
            .await
            .unwrap(),
        expected
    );
    assert_eq!(
        hyper::<Body>(uri(addr, "good")).fetch().await.unwrap(),
        expected
    );
    assert_eq!(channel(addr, "good").fetch().await.unwrap(), expected);
}

#[tokio::test]
async fn only_a_whole_answer_of_200_and_64_kib_counts() {
    let ring = KeyRing::generate().unwrap();
    let addr = issuer(&ring).await;
    for (path, expected) in [
        ("moved", "answered 308 Permanent Redirect"),
        ("found", "answered 303 See Other"),
        ("missing", "answered 404 Not Found"),
        ("created", "answered 201 Created"),
        ("partial", "answered 206 Partial Content"),
        ("broken", "answered 500 Internal Server Error"),
        ("longer", "the answer is longer than 65536 bytes"),
        ("endless", "the answer is longer than 65536 bytes"),
        ("breaks-off", "the answer broke off"),
    ] {
        let error = hyper::<Body>(uri(addr, path)).fetch().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("GET http://{addr}/{path}: {expected}")
        );
        let error = channel(addr, path).fetch().await.unwrap_err();
        assert_eq!(error.to_string(), format!("GET /{path}: {expected}"));
    }
    for source in [
        &hyper::<Body>(uri(addr, "longest")) as &dyn KeySource,
        &channel(addr, "longest"),
    ] {
        assert_eq!(source.fetch().await.unwrap().len(), 64 * 1024);
    }
}

#[tokio::test]
async fn an_error_names_the_address_and_not_the_secrets_in_it() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let uri: Uri = format!("http://user:pa55word@{gone}/keys?token=s3cret")
        .parse()
        .unwrap();
    let source = HttpKeys::new(
        Client::builder(TokioExecutor::new()).build_http::<Body>(),
        uri,
    );
    let error = source.fetch().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("GET http://{gone}/keys: no answer")
    );
    let all = format!("{} {error:?} {source:?}", msf_core::error::chain(&*error));
    assert!(
        !all.contains("pa55word") && !all.contains("s3cret"),
        "{all}"
    );
}

#[tokio::test]
async fn a_rotation_reaches_a_verifier_over_the_wire() {
    let ring = KeyRing::generate().unwrap();
    let addr = issuer(&ring).await;
    let keys = RemoteKeys::new(hyper::<Body>(uri(addr, "good")));
    let set: serde_json::Value = serde_json::from_str(&ring.jwks()).unwrap();
    let kid = set["keys"][0]["kid"].as_str().unwrap();
    assert!(keys.find(kid).await.unwrap().is_some());
    assert!(keys.find("made-up").await.unwrap().is_none());
}

/// The answer's head comes at once and its body a byte at a time: the bound is of the whole fetch.
#[tokio::test]
async fn an_issuer_that_dribbles_is_given_up_after_two_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let sent = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n";
        stream.write_all(head).await.unwrap();
        while stream.write_all(b" ").await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let keys = RemoteKeys::new(hyper::<Body>(uri(addr, "keys")));
    let start = tokio::time::Instant::now();
    let error = keys.find("k").await.unwrap_err();
    let took = start.elapsed();
    assert!((2.0..3.0).contains(&took.as_secs_f64()), "{took:?}");
    assert!(sent.load(Ordering::SeqCst) > 5, "it was alive all the time");
    assert_eq!(
        msf_core::error::chain(&error),
        "the issuer's keys cannot be fetched: no answer within 2 seconds"
    );
}
