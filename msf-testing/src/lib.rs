//! Start an app on a free port, call it as any principal, and read its logs and metrics.
//!
//! A test starts from the same function that `main` does. Nothing global is installed: logs and metrics are captured
//! for the thread of the test, which is where a `#[tokio::test]` of the default flavor runs everything.
//!
//! What people wrongly assume:
//!
//! - *"A test needs a token."* [`Started::channel_as`] and [`Call::as_user`] call as any principal: the started app accepts
//!   a secret of its own, made at this start, beside its real authenticator. The rules are the real ones.
//! - *"A fixed port is simpler."* Two tests that run at once then fail, now and then.
//!
//! ```
//! use msf_service::{App, Boot, Rule, http::Routes};
//!
//! async fn app(_: Boot<()>) -> msf_service::Result<App> {
//!     let reports = Routes::new().get("/reports", Rule::role("auditor"), || async { "all is well" });
//!     Ok(App::new().http(reports))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let app = msf_testing::start(app, ()).await.unwrap();
//! assert_eq!(app.get("/reports").send().await.status(), 401);
//! let answer = app.get("/reports").as_user("ana", &["auditor"]).send().await;
//! assert_eq!(answer.text(), "all is well");
//! assert_eq!(app.requests().last().unwrap()["principal"], "ana");
//! # });
//! ```
#![deny(missing_docs)]

mod call;
mod capture;
pub mod conformance;
#[cfg(feature = "openapi")]
pub mod contract;
mod patience;
mod policy;
mod principal;
pub mod schema;
mod start;
mod started;

pub use call::{Answer, Call};
#[cfg(feature = "openapi")]
pub use contract::Contract;
pub use policy::{PolicyCase, PolicyWalk};
pub use schema::golden_schema;
pub use start::{Start, start};
pub use started::Started;

pub use msf_core::clock::FakeClock;
