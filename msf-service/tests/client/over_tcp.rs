//! Over TCP: peers that are not there, say nothing, go away and come back.

use std::fmt::{Debug, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use msf_service::client::Channel;
use msf_test_protos::pb::msf::test::v1 as pb;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt as _};

use crate::support::{NAME, Script, ask, bind, ms, open, range, serve, tcp, until_in};

/// A server in a runtime of its own: without it, all its sockets are gone at once.
fn serve_apart(address: &str, script: Script) -> (SocketAddr, Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = std::net::TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        serve!(listener, Server::builder(), script).await
    });
    (address, runtime)
}

async fn increment(channel: &Channel) -> Result<i64, Status> {
    let mut client = pb::CounterClient::new(channel.clone());
    Ok(client.increment(ask()).await?.into_inner().value)
}

/// A port that nobody listens on.
async fn nobody() -> SocketAddr {
    bind().await.local_addr().unwrap()
}

/// The fields of all spans and events of the client.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{}={value:?} ", field.name()).unwrap();
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
        if span.metadata().target() == "msf::client" {
            span.record(&mut self.clone());
        }
    }

    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if event.metadata().target() == "msf::client" {
            event.record(&mut self.clone());
        }
    }
}

#[tokio::test]
async fn who_is_not_there_is_unavailable_and_the_cause_is_in_the_log_only() {
    // Without a global subscriber, another test's thread decides for all that nobody listens.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let log = Log::default();
    let subscriber = tracing_subscriber::registry().with(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber);

    let address = nobody().await;
    let status = increment(&tcp(address)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(
        status.message(),
        format!("{NAME} (http://{address}) cannot be reached")
    );
    let error = msf_core::error::Error::from_status(&status);
    assert_eq!(
        error.message(),
        "the service is not available",
        "no address for the public"
    );

    let log = log.0.lock().unwrap().clone();
    for part in [
        "Connection refused",
        "otel.kind=\"client\"",
        "cannot be reached",
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_unavailable() {
    let channel = Channel::tcp(NAME, "http://no-such-host.invalid:1").unwrap();
    let status = increment(&channel).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(
        status.message(),
        format!("{NAME} (http://no-such-host.invalid:1) cannot be reached")
    );
}

#[tokio::test]
async fn who_accepts_and_says_nothing_is_left_at_the_deadline() {
    let listener = bind().await;
    let channel = tcp(listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.unwrap());
        }
    });
    let begun = Instant::now();
    let call = async { increment(&channel).await.unwrap_err() };
    let status = until_in(ms(200)).scope(call).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    assert!(begun.elapsed() < ms(1_000), "{:?}", begun.elapsed());
    silent.abort();
}

#[tokio::test]
async fn a_plain_tonic_servers_own_timeout_is_a_deadline_too() {
    let listener = bind().await;
    let channel = tcp(listener.local_addr().unwrap());
    let (script, _) = Script::stuck();
    let server = Server::builder().timeout(ms(50));
    tokio::spawn(async move { serve!(listener, server, script).await });
    let status = increment(&channel).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
}

#[tokio::test]
async fn no_connection_is_made_when_nothing_is_left() {
    let listener = bind().await;
    let channel = tcp(listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let call = async { increment(&channel).await.unwrap_err() };
    let status = until_in(Duration::ZERO).scope(call).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    tokio::time::sleep(ms(50)).await;
    assert_eq!(accepted.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_peer_that_starts_again_on_its_port_is_found_again() {
    let (address, first) = serve_apart("127.0.0.1:0", Script::new());
    let channel = tcp(address);
    assert_eq!(increment(&channel).await.unwrap(), 1);
    first.shutdown_background();
    let down = loop {
        match increment(&channel).await {
            Ok(_) => tokio::time::sleep(ms(1)).await,
            Err(status) => break status,
        }
    };
    assert_eq!(down.code(), Code::Unavailable, "{down:?}");
    // The listener may outlive the call that saw its connection end.
    let again = increment(&channel).await.unwrap_err();
    assert_eq!(again.code(), Code::Unavailable, "{again:?}");

    let (_, second) = serve_apart(&address.to_string(), Script::new());
    assert_eq!(increment(&channel).await.unwrap(), 1);
    second.shutdown_background();
}

#[tokio::test]
async fn a_stream_whose_peer_goes_away_ends_with_unavailable() {
    let (script, _) = Script::stuck();
    let (address, server) = serve_apart("127.0.0.1:0", script);
    let mut client = pb::CounterClient::new(tcp(address));
    let mut values = client.count(range(1, 2)).await.unwrap().into_inner();
    values.next().await.unwrap().unwrap();
    server.shutdown_background();
    let status = timeout(ms(2_000), values.next()).await.unwrap();
    let status = status.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert!(
        status.message().contains(&address.to_string()),
        "{status:?}"
    );
}

#[test]
fn a_mistake_in_the_address_names_the_setting_and_not_its_value() {
    let mistakes = [
        ("", "cannot be read"),
        ("not a url", "cannot be read"),
        ("localhost:8082", "does not begin with http://"),
        ("127.0.0.1", "does not begin with http://"),
        ("/users", "does not begin with http://"),
        ("https://users:8082", "does not begin with http://"),
        ("http://ana:secret@users:8082", "holds credentials"),
        ("http://users:8082/api", "has a path"),
        ("http://users:8082/?secret=1", "has a path"),
        ("http://users:port", "port is no number"),
        ("http://users:65536", "port is no number"),
    ];
    for (url, mistake) in mistakes {
        let error = Channel::tcp("user-service", url).unwrap_err();
        assert_eq!(error.key(), "clients.user-service.url");
        let text = error.to_string();
        assert!(text.contains("`clients.user-service.url`"), "{text}");
        assert!(text.contains(mistake), "{url}: {text}");
        assert!(!text.contains("secret"), "{text}");
    }
    for url in [
        "http://users:8082",
        "http://127.0.0.1:8082/",
        "http://[::1]:8082",
    ] {
        Channel::tcp("user-service", url).unwrap();
    }
}
