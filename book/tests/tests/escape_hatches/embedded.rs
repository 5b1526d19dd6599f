//! A program that has a runtime, a subscriber and an idea of when to stop already.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

// ANCHOR: serve
use std::net::SocketAddr;
use std::time::Duration;

use msf_service::embed::Embed;
use msf_service::prelude::*;

async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let routes = Routes::new().get("/", Rule::public("the front page"), async || "hello");
    Ok(App::new().http(routes))
}

/// Serves until `stop` ends. It installs nothing: no subscriber, no recorder, no signal handler, no panic hook.
async fn serve(
    listen: SocketAddr,
    stop: impl Future<Output = SocketAddr>,
) -> msf_service::Result<SocketAddr> {
    let embed = Embed::new("hello").listen(listen);
    let app = app(embed.boot(())).await?;
    let mut running = embed.start(app).await?;
    tracing::info!(address = %running.http(), "started");
    let last = tokio::select! {
        last = stop => last,
        failure = running.failed() => return Err(failure.into()),
    };
    running.stop(Duration::from_secs(10)).await;
    Ok(last)
}
// ANCHOR_END: serve

// ANCHOR: main
fn main() -> msf_service::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let counts = Arc::<Counts>::default();
    // In a program of its own: `tracing::subscriber::set_global_default`.
    let _mine = tracing::subscriber::set_default(Mine(Arc::clone(&counts)));
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    runtime.block_on(serve(nowhere, async { nowhere }))?;
    assert!(counts.0.load(Ordering::Relaxed) > 0);
    Ok(())
}
// ANCHOR_END: main

#[derive(Default)]
struct Counts(AtomicUsize);

/// A subscriber that counts events, for want of a better one.
struct Mine(Arc<Counts>);

impl tracing::Subscriber for Mine {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn it_runs_on_the_runtime_and_subscriber_of_the_program() -> msf_service::Result<()> {
    main()
}
