//! The service as its callers see it: it answers, refuses, publishes, handles, and says what it did.

#[path = "../src/main.rs"]
#[expect(dead_code, reason = "`main` is for the program; the test starts from `app`")]
mod hello;

use hello::{Config, Greeted, app, pb};
use msf_service::Result;
use msf_service::tonic::Code;
use msf_service::tonic_types::StatusExt;

fn greeting() -> Config {
    Config { greeting: "Hi".to_owned() }
}

#[tokio::test]
async fn greets_over_http_and_grpc() -> Result<()> {
    let app = msf_testing::start(app, greeting()).await?;

    let answer = app.get("/hello/ana").header("x-correlation-id", "order-7").send().await;
    assert_eq!((answer.status().as_u16(), answer.text().as_str()), (200, "Hi, ana!\n"));
    assert_eq!(answer.header("x-correlation-id"), "order-7");

    let mut client = pb::GreeterClient::new(app.channel());
    let reply = client.say_hello(pb::HelloRequest { name: "Bo".to_owned() }).await?.into_inner();
    assert_eq!(reply.message, "Hi, Bo!");
    Ok(())
}

#[tokio::test]
async fn refuses_whoever_may_not_and_answers_whoever_may() -> Result<()> {
    let app = msf_testing::start(app, greeting()).await?;

    let refused = pb::GreeterClient::new(app.channel()).greet_all(pb::GreetAllRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "unauthenticated");

    let stranger = app.channel_as("bo", &["gardener"]);
    let refused = pb::GreeterClient::new(stranger).greet_all(pb::GreetAllRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);

    let greeter = app.channel_as("ana", &["greeter"]);
    let reply = pb::GreeterClient::new(greeter).greet_all(pb::GreetAllRequest {}).await?.into_inner();
    assert_eq!(reply.message, "Hi, everybody!");
    Ok(())
}

#[tokio::test]
async fn says_what_it_did() -> Result<()> {
    let app = msf_testing::start(app, greeting()).await?;
    app.get("/hello/ana").header("x-correlation-id", "order-7").send().await;
    app.get("/nothing/here").send().await;

    let lines = app.requests();
    assert_eq!(lines[0]["route"], "/hello/{name}");
    assert_eq!(lines[0]["status"], 200);
    assert_eq!(lines[0]["correlation_id"], "order-7");
    assert_eq!(lines[1]["route"], "unmatched");
    let count = "http_server_request_duration_seconds_count";
    assert_eq!(app.count(count, &[("http_route", "/hello/{name}"), ("service", "app")]), 1);
    assert_eq!(app.count(count, &[("http_route", "unmatched")]), 1);
    Ok(())
}

#[tokio::test]
async fn a_greeting_is_an_event_that_is_handled() -> Result<()> {
    let app = msf_testing::start(app, greeting()).await?;
    let answer = app.get("/hello/ana").header("x-correlation-id", "order-7").send().await;
    assert_eq!(answer.header("x-correlation-id"), "order-7");

    let line = app.handled("greeted").await;
    assert_eq!((&line["event_type"], &line["attempt"]), (&"hello.greeted.v1".into(), &1.into()));
    let logs = app.logs();
    let said = logs.iter().find(|line| line["message"] == "greeted").unwrap();
    assert_eq!(said["name"], "ana");
    // One id and one trace from the request to the last line about its event.
    let request = &app.requests()[0];
    for later in [&line, said] {
        assert_eq!(later["correlation_id"], "order-7");
        assert_eq!(later["trace_id"], request["trace_id"]);
    }
    let outcomes = ["published", "handled"].map(|outcome| app.count("msf_events_total", &[("outcome", outcome)]));
    assert_eq!(outcomes, [1, 1]);
    Ok(())
}

#[tokio::test]
async fn every_rule_holds() -> Result<()> {
    let app = msf_testing::start(app, greeting()).await?;
    let walk = app.policy_walk().await;
    assert_eq!(walk.violations().count(), 0, "{walk}");
    assert!(walk.cases().len() >= 12, "{walk}");
    Ok(())
}

/// What was published yesterday is read today: see `schemas/`.
#[test]
fn the_shape_of_the_event_stays() {
    msf_testing::golden_schema::<Greeted>("schemas");
}
