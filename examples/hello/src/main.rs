//! A service in 45 lines that answers, refuses and stops.

use msf_service::prelude::*;

pub(crate) mod pb {
    msf_service::include_proto!("hello.v1");
}

/// The settings of the service.
#[derive(Debug, Settings)]
pub(crate) struct Config {
    /// First word of every answer.
    #[setting(default = "Hello")]
    pub(crate) greeting: String,
}

#[derive(Clone)]
struct Hello {
    greeting: String,
}

#[async_trait]
impl pb::Greeter for Hello {
    async fn say_hello(&self, request: Request<pb::HelloRequest>) -> Result<Response<pb::HelloReply>, Status> {
        let message = format!("{}, {}!", self.greeting, request.into_inner().name);
        Ok(Response::new(pb::HelloReply { message }))
    }

    async fn greet_all(&self, _: Request<pb::GreetAllRequest>) -> Result<Response<pb::HelloReply>, Status> {
        Ok(Response::new(pb::HelloReply { message: format!("{}, everybody!", self.greeting) }))
    }
}

async fn hello(State(hello): State<Hello>, Path(name): Path<String>) -> String {
    format!("{}, {name}!\n", hello.greeting)
}

/// The one description of the service: `main` and every test start from it.
pub(crate) async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let state = Hello { greeting: boot.config.greeting };
    let routes = Routes::new().get("/hello/{name}", Rule::public("a greeting is no secret"), hello);
    let access =
        pb::GreeterAccess { say_hello: Rule::public("a greeting is no secret"), greet_all: Rule::role("greeter") };
    Ok(App::new().http(routes.with_state(state.clone())).grpc(pb::guard_greeter(state, access)))
}

fn main() -> ExitCode {
    msf_service::run(msf_service::info!(), app)
}
