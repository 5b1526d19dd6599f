//! The service as its callers see it, on a free port, with its real rules.

use msf_service::Result;

// ANCHOR: use
use greetings::{Config, Greeted, Left, app, pb};
// ANCHOR_END: use

async fn start() -> Result<msf_testing::Started> {
    let greeting = "Hi".to_owned();
    msf_testing::start(app, Config { greeting }).await
}

#[tokio::test]
async fn everybody_may_ask_over_http() -> Result<()> {
    let app = start().await?;
    assert_eq!(app.get("/hello/ana").send().await.text(), "Hi, ana!\n");
    Ok(())
}

#[tokio::test]
async fn only_a_greeter_may_call_and_the_event_is_handled() -> Result<()> {
    let app = start().await?;
    let name = "ana".to_owned();
    let ana = pb::GreetRequest { name };
    let mut clerk = pb::GreeterClient::new(app.channel_as("bo", &["clerk"]));
    let refused = clerk.greet(ana.clone()).await.unwrap_err();
    assert_eq!(refused.code(), msf_service::tonic::Code::PermissionDenied);

    let mut greeter = pb::GreeterClient::new(app.channel_as("bo", &["greeter"]));
    let reply = greeter.greet(ana).await?.into_inner();
    assert_eq!(reply.message, "Hi, ana!");
    assert_eq!(app.handled("greeted").await["attempt"], 1);
    Ok(())
}

// ANCHOR: leave
#[tokio::test]
async fn who_leaves_says_so_and_the_event_is_handled() -> Result<()> {
    let app = start().await?;
    let name = "ana".to_owned();
    let ana = pb::LeaveRequest { name };
    let mut bo = pb::GreeterClient::new(app.channel_as("bo", &[]));
    let refused = bo.leave(ana.clone()).await.unwrap_err();
    assert_eq!(refused.code(), msf_service::tonic::Code::PermissionDenied);

    let mut herself = pb::GreeterClient::new(app.channel_as("ana", &[]));
    let reply = herself.leave(ana).await?.into_inner();
    assert_eq!(reply.message, "Goodbye, ana!");
    assert_eq!(app.handled("goodbyes").await["attempt"], 1);
    Ok(())
}
// ANCHOR_END: leave

/// As nobody, as a stranger, as a strange service, and as one whom the rule lets through.
#[tokio::test]
async fn every_rule_holds() -> Result<()> {
    let walk = start().await?.policy_walk().await;
    assert_eq!(walk.violations().count(), 0, "{walk}");
    Ok(())
}

/// What was published yesterday is read today: see `schemas/`.
#[test]
fn the_shape_of_the_event_stays() {
    msf_testing::golden_schema::<Greeted>("schemas");
    // ANCHOR: schema
    msf_testing::golden_schema::<Left>("schemas");
    // ANCHOR_END: schema
}
