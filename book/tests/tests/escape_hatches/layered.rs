//! A layer of one's own.

// ANCHOR: app
use msf_service::axum::response::Response;
use msf_service::axum::{extract::Request, middleware::Next, middleware::from_fn};
use msf_service::context::Context;
use msf_service::prelude::*;

/// Tells every caller how the service knows them.
async fn tell(request: Request, next: Next) -> Response {
    let principal = Context::current().and_then(|context| context.principal().cloned());
    let mut response = next.run(request).await;
    let known = if principal.is_some() { "yes" } else { "no" };
    response
        .headers_mut()
        .insert("x-known", known.parse().expect("it is a token"));
    response
}

async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let routes = Routes::new().get("/reports", Rule::role("auditor"), async || "all is well");
    Ok(App::new().http(routes).layer(from_fn(tell)))
}
// ANCHOR_END: app

#[tokio::test]
async fn it_is_inside_of_authentication_and_outside_of_the_rules() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?;
    let refused = app.get("/reports").as_user("bo", &[]).send().await;
    assert_eq!(
        (refused.status().as_u16(), refused.header("x-known")),
        (403, "yes")
    );
    let unknown = app.get("/reports").send().await;
    assert_eq!(
        (unknown.status().as_u16(), unknown.header("x-known")),
        (401, "no")
    );
    Ok(())
}
