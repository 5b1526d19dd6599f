//! The service as a function from its settings to an app: `main` and every test start from it.

mod callers;
mod greeted;
mod greeter;
// ANCHOR: mod
mod left;
// ANCHOR_END: mod

use msf_service::prelude::*;

pub use greeted::Greeted;
use greeter::{Greeter, hello};
// ANCHOR: use
pub use left::Left;
// ANCHOR_END: use

/// What the proto says.
pub mod pb {
    msf_service::include_proto!("greetings.v1");
}

/// The settings of this service; every service has others besides.
#[derive(Debug, Settings)]
pub struct Config {
    /// First word of every answer.
    #[setting(default = "Hello")]
    pub greeting: String,
}

/// What it answers, to whom, and what it does when events come.
pub async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let (greeting, events) = (boot.config.greeting.clone(), boot.events()?);
    let greeter = Greeter { greeting, events };
    let routes = Routes::new()
        .get("/hello/{name}", Rule::public("no secret"), hello)
        .with_state(greeter.clone());
    // ANCHOR: rule
    let greet = Rule::role("greeter");
    let leave = Rule::owner(|request: &pb::LeaveRequest| &request.name).or(Rule::role("greeter"));
    let access = pb::GreeterAccess { greet, leave };
    // ANCHOR_END: rule
    // ANCHOR: on
    Ok(App::new()
        .authenticate(callers::verifier(&boot)?)
        .http(routes)
        .grpc(pb::guard_greeter(greeter, access))
        .on("greeted", greeted::greeted)
        .on("goodbyes", left::say_goodbye))
    // ANCHOR_END: on
}
