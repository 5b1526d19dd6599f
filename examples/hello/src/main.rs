//! A service in 45 lines that answers, refuses, publishes, handles and stops.

use msf_service::prelude::*;

pub(crate) mod pb {
    msf_service::include_proto!("hello.v1");
}

#[derive(Debug, Settings)]
pub(crate) struct Config {
    /// First word of every answer.
    #[setting(default = "Hello")]
    pub(crate) greeting: String,
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Event)]
#[event(name = "hello.greeted")]
pub(crate) struct Greeted {
    name: String,
}

#[derive(Clone)]
struct Hello(String, Events);

#[async_trait]
impl pb::Greeter for Hello {
    async fn say_hello(&self, request: Request<pb::HelloRequest>) -> Result<Response<pb::HelloReply>, Status> {
        Ok(Response::new(pb::HelloReply { message: format!("{}, {}!", self.0, request.into_inner().name) }))
    }

    async fn greet_all(&self, _: Request<pb::GreetAllRequest>) -> Result<Response<pb::HelloReply>, Status> {
        Ok(Response::new(pb::HelloReply { message: format!("{}, everybody!", self.0) }))
    }
}

async fn hello(State(Hello(greeting, events)): State<Hello>, Path(name): Path<String>) -> Result<String, Error> {
    events.publish(Greeted { name: name.clone() }).await?;
    Ok(format!("{greeting}, {name}!\n"))
}

async fn greeted(event: Delivery<Greeted>) -> Handled {
    tracing::info!(name = event.name, "greeted");
    Ok(())
}

/// The one description of the service: `main` and every test start from it.
pub(crate) async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let state = Hello(boot.config.greeting.clone(), boot.events()?);
    let routes = Routes::new().get("/hello/{name}", Rule::public("no secret"), hello);
    let access = pb::GreeterAccess { say_hello: Rule::public("no secret"), greet_all: Rule::role("greeter") };
    Ok(App::new().http(routes.with_state(state.clone())).grpc(pb::guard_greeter(state, access)).on("greeted", greeted))
}

fn main() -> ExitCode {
    msf_service::run(msf_service::info!(), app)
}
