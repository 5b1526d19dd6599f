//! What a test captures does not depend on the threads beside it. The only test of its process, so that nobody else helps.

use msf_service::prelude::*;

fn tell() {
    tracing::info!("told");
}

async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let told = async || {
        tell();
        "told"
    };
    Ok(App::new().http(Routes::new().get("/", Rule::public("no secret"), told)))
}

#[tokio::test]
async fn a_thread_without_a_capture_silences_no_line() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?;
    std::thread::spawn(tell).join().expect("it does not panic");
    app.get("/").send().await;
    let logs = app.logs();
    assert!(
        logs.iter().any(|line| line["message"] == "told"),
        "{logs:#?}"
    );
    Ok(())
}
