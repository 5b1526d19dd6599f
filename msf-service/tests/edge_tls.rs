//! TLS on the same port for HTTP/1 and HTTP/2, and files that cannot be used.

mod support;

use std::sync::Arc;
use std::time::Duration;

use msf_service::edge::{Options, tls};
use support::{Running, certificate, get_request, http2, start, write_file};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct Encrypted {
    server: Running,
    client: rustls::ClientConfig,
}

async fn encrypted() -> Encrypted {
    let (config, client) = certificate();
    let mut options = Options::default();
    options.tls = Some(config);
    let server = start(options).await;
    Encrypted { server, client }
}

impl Encrypted {
    async fn connect(&self, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        let mut config = self.client.clone();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let tcp = self.server.connect().await;
        let name = "localhost".try_into().unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, tcp)
            .await
            .unwrap()
    }
}

fn agreed(stream: &TlsStream<TcpStream>) -> Option<String> {
    let name = stream.get_ref().1.alpn_protocol()?;
    Some(String::from_utf8_lossy(name).into_owned())
}

#[tokio::test]
async fn both_protocols_by_alpn_on_one_port() {
    let server = encrypted().await;

    let stream = server.connect(&[b"h2", b"http/1.1"]).await;
    assert_eq!(agreed(&stream).as_deref(), Some("h2"));
    let mut client = http2(stream).await;
    let (answer, _) = client.send_request(get_request("/peer"), true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    let peer = answer.into_body().data().await.unwrap().unwrap();
    assert!(peer.ends_with(b" true"), "{peer:?}");

    for alpn in [&[&b"http/1.1"[..]][..], &[]] {
        let mut stream = server.connect(alpn).await;
        assert_eq!(agreed(&stream).as_deref(), alpn.first().map(|_| "http/1.1"));
        stream
            .write_all(b"GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with(" true"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_stop_says_goodbye_inside_tls_and_ends_streams_visibly() {
    let server = encrypted().await;
    let mut idle = server.connect(&[b"http/1.1"]).await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut buffer = [0; 1024];
    assert!(idle.read(&mut buffer).await.unwrap() > 0);
    let mut open = server.connect(&[b"http/1.1"]).await;
    open.write_all(b"GET /stream HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    while !buffer.windows(9).any(|seen| seen == b"\r\n\r\n\0\0\0\0\0") {
        assert!(open.read(&mut buffer).await.unwrap() > 0);
    }
    let drained = server.server.stop_within_two_seconds().await;
    assert_eq!((drained.cut, drained.ended), (0, 1));
    // The idle one ends with a close_notify, the stream without.
    assert_eq!(idle.read(&mut buffer).await.unwrap(), 0);
    assert!(open.read(&mut buffer).await.is_err());
}

#[tokio::test]
async fn a_client_without_tls_is_closed_and_the_next_one_served() {
    let server = encrypted().await;
    let mut plain = server.server.connect().await;
    plain
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let ended = timeout(Duration::from_secs(2), plain.read_to_end(&mut answer)).await;
    assert!(ended.is_ok() && !answer.starts_with(b"HTTP"));
    assert_eq!(
        agreed(&server.connect(&[b"h2"]).await).as_deref(),
        Some("h2")
    );
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let make = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (one, other) = (make(), make());
    let chain = write_file("tls.crt", &one.cert.pem());
    let key = write_file("tls.key", &one.signing_key.serialize_pem());
    let other_key = write_file("other.key", &other.signing_key.serialize_pem());
    let empty = write_file("empty.pem", "nothing here\n");
    let broken = write_file(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n",
    );
    let missing = empty.with_file_name("missing.pem");
    assert!(tls::load(&chain, &key).is_ok());

    let cases = [
        (&missing, &key, &missing, "cannot read"),
        (&chain, &missing, &missing, "cannot read"),
        (&empty, &key, &empty, "holds no certificate in PEM form"),
        (
            &chain,
            &empty,
            &empty,
            "holds no unencrypted private key in PEM form",
        ),
        (&key, &chain, &key, "holds no certificate in PEM form"),
        (&broken, &key, &broken, "is not valid PEM"),
        (
            &chain,
            &other_key,
            &other_key,
            "does not belong to the first certificate in",
        ),
    ];
    for (certificates, private, culprit, words) in cases {
        let error = tls::load(certificates, private).unwrap_err();
        let text = error.to_string();
        println!("{text}");
        assert_eq!(error.file(), culprit.as_path(), "{text}");
        assert!(
            text.contains(words) && text.contains(&*culprit.to_string_lossy()),
            "{text}"
        );
    }
}
