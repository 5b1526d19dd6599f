//! A few routes with the rules that they would have.

// ANCHOR: routes
use msf_service::access::{OwnerId, Principal};
use msf_service::axum::{Router, http::Method, routing::get};
use msf_service::prelude::*;

/// An id of this service; a rule holds it against the subject of whoever calls.
#[derive(serde::Deserialize)]
struct UserId(String);

impl OwnerId for UserId {
    fn is(&self, subject: &str) -> bool {
        self.0.is(subject)
    }
}

fn routes() -> Routes {
    let owner = Rule::owner(|Path(id): &Path<UserId>| id);
    let not_on_sundays = Rule::when("not on sundays", |_: &Method, _: &Principal| true);
    let files = Router::new().route("/report", get(async || "all is well"));
    Routes::new()
        .get("/users/{id}", owner.or(Rule::role("admin")), async || "ana")
        .post(
            "/orders",
            Rule::role("clerk").and(not_on_sundays),
            async || "placed",
        )
        // One rule for all that is below the prefix: what is in an axum router nobody can list.
        .mount("/files", Rule::authenticated("for all of the house"), files)
}
// ANCHOR_END: routes

async fn app(_: Boot<()>) -> msf_service::Result<App> {
    Ok(App::new().http(routes()))
}

#[tokio::test]
async fn the_rules_let_in_whom_they_name() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?;
    let walk = app.policy_walk().await;
    assert_eq!(walk.violations().count(), 0, "{walk}");
    let status = async |path: &str, subject: &str, roles: &[&str]| {
        let call = app.get(path).as_user(subject, roles);
        call.send().await.status().as_u16()
    };
    assert_eq!(status("/users/ana", "ana", &[]).await, 200);
    assert_eq!(status("/users/ana", "bo", &[]).await, 403);
    assert_eq!(status("/users/ana", "bo", &["admin"]).await, 200);
    assert_eq!(status("/files/report", "bo", &[]).await, 200);
    assert_eq!(app.get("/files/report").send().await.status(), 401);
    Ok(())
}
