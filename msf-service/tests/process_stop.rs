//! Stops that begin early, end badly, or share their time with another app.

mod process;

use std::time::Duration;

use msf_service::component::{Component, Life, Phase};
use msf_service::http::Routes;
use msf_service::{App, Boot, BoxError, Exit, Host, Info, Rule, axum, tracing};
use process::{address, become_program, get, program};

type Ending = std::pin::Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Takes 300 ms for what it has in hand, and then fails or does not.
struct Worker {
    fails: bool,
}

impl Component for Worker {
    fn name(&self) -> &'static str {
        "worker"
    }
    fn stops_in(&self) -> Phase {
        Phase::Messages
    }
    fn run(self: Box<Self>, life: Life) -> Ending {
        Box::pin(async move {
            life.soft().await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            tracing::info!("the worker is done");
            if self.fails {
                Err("12 events are left".into())
            } else {
                Ok(())
            }
        })
    }
}

/// An answer that never ends by itself.
async fn ticks() -> axum::body::Body {
    let ticks = futures_util::stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, BoxError>("tick\n"), ()))
    });
    axum::body::Body::from_stream(ticks)
}

async fn streams(_: Boot<()>) -> msf_service::Result<App> {
    Ok(App::new().http(Routes::new().get("/ticks", Rule::public("a test"), ticks)))
}

async fn works(_: Boot<()>) -> msf_service::Result<App> {
    Ok(App::new().component(Worker { fails: false }))
}

async fn fails_late(_: Boot<()>) -> msf_service::Result<App> {
    Ok(App::new().component(Worker { fails: true }))
}

/// A store that is not there yet: many services wait for it in their start.
async fn never_starts(_: Boot<()>) -> msf_service::Result<App> {
    tracing::info!("waiting for the store");
    std::future::pending().await
}

#[test]
fn entry() {
    become_program(|name, arguments, variables| -> Exit {
        let host = Host::new(Info::new("pair", "0.0.0"));
        let host = match name {
            "never-starts" => host.app("store-user", never_starts),
            "fails-late" => host.app("worker", fails_late),
            _ => host.app("streamer", streams).app("worker", works),
        };
        host.run_with(arguments, variables)
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_waits_ends_at_the_first_signal() {
    let mut process = program("never-starts").starting();
    process.logs("waiting for the store").await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    println!("ended after {:?} with {:?}", ended.took, ended.code);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_while_it_stops_fails_the_process() {
    let mut process = program("fails-late").ready().await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(1));
    let told = "error: `worker` of `worker` failed: 12 events are left";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

/// One app has a stream open until its time is up; the other must not lose its own time for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_stream_of_one_app_leaves_the_others_their_time() {
    let mut process = program("pair")
        .args(["--set", "shutdown.grace=2s"])
        .ready()
        .await;
    let streamer = address(&process.ready["services"]["streamer"][0]["http"]);
    let open = tokio::spawn(async move { get(streamer, "/ticks").await });
    process
        .metric("msf_connections_total{service=\"streamer\"}", 1)
        .await;
    process.signal("TERM").await;
    let ended = process.ended().await;
    open.abort();
    let order: Vec<String> = ended
        .log()
        .iter()
        .filter_map(|line| line["message"].as_str().map(str::to_owned))
        .filter(|line| line.starts_with("the worker") || line == "stopped serving")
        .collect();
    println!("{order:?} after {:?}", ended.took);
    assert_eq!(
        order,
        ["the worker is done", "stopped serving", "stopped serving"]
    );
    let first = &ended.logged("stopped serving")[0];
    assert_eq!(
        (&first["app"], &first["unfinished"]),
        (&"worker".into(), &serde_json::Value::Null)
    );
    assert_eq!(ended.code, Some(0));
}
