//! Credentials and claims of one's own.

// ANCHOR: authenticator
use msf_service::access::{Authenticator, Principal};
use msf_service::axum::http::{HeaderMap, Method};
use msf_service::error::Kind;
use msf_service::prelude::*;

/// What a badge says about its bearer.
struct Badge {
    department: String,
}

/// Reads badges: `x-badge: ana/accounts`. A proxy in front has checked them.
struct Badges;

impl Authenticator for Badges {
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> msf_core::BoxFuture<'a, Result<Option<Principal>, Error>> {
        Box::pin(async move {
            let Some(badge) = headers.get("x-badge") else {
                return Ok(None);
            };
            let bad = || Error::of(Kind::Unauthenticated);
            let text = badge.to_str().map_err(|_| bad())?;
            let (name, department) = text.split_once('/').ok_or_else(bad)?;
            let department = department.to_owned();
            Ok(Some(
                Principal::user(name).with_claims(Badge { department }),
            ))
        })
    }
}
// ANCHOR_END: authenticator

// ANCHOR: app
async fn app(_: Boot<()>) -> msf_service::Result<App> {
    let accounts = |_: &Method, principal: &Principal| {
        principal
            .claims::<Badge>()
            .is_some_and(|badge| badge.department == "accounts")
    };
    let rule = Rule::when("of the accounts department", accounts);
    let routes = Routes::new().get("/books", rule, async || "all is well");
    Ok(App::new().authenticate(Badges).http(routes))
}
// ANCHOR_END: app

#[tokio::test]
async fn a_rule_can_look_at_claims() -> msf_service::Result<()> {
    let app = msf_testing::start(app, ()).await?;
    for (badge, status) in [("ana/accounts", 200), ("bo/garden", 403), ("nonsense", 401)] {
        let answer = app.get("/books").header("x-badge", badge).send().await;
        assert_eq!(answer.status(), status, "{badge}");
    }
    assert_eq!(app.get("/books").send().await.status(), 401);
    Ok(())
}
