//! The samples of the guide to a project's begin, and that they do what the guide says.

// In a project of its own the first is the library, the second the program.
#[expect(unreachable_pub, reason = "public in the library of its own project")]
mod greetings;
#[expect(
    dead_code,
    reason = "`main` is for the program; the tests start from `app`"
)]
mod program;

// ANCHOR: test
#[tokio::test]
async fn it_greets() -> msf_service::Result<()> {
    let greeting = "Hi".to_owned();
    let app = msf_testing::start(greetings::app, greetings::Config { greeting }).await?;
    assert_eq!(app.get("/greetings/ana").send().await.text(), "Hi, ana!\n");
    Ok(())
}

#[tokio::test]
async fn every_rule_holds() -> msf_service::Result<()> {
    let greeting = "Hi".to_owned();
    let app = msf_testing::start(greetings::app, greetings::Config { greeting }).await?;
    let walk = app.policy_walk().await;
    assert_eq!(walk.violations().count(), 0, "{walk}");
    Ok(())
}
// ANCHOR_END: test
