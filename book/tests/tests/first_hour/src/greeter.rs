//! What the service answers, over HTTP and gRPC.

use msf_service::prelude::*;

// ANCHOR: use
use crate::{Greeted, Left, pb};
// ANCHOR_END: use

/// What every answer needs.
#[derive(Clone)]
pub(crate) struct Greeter {
    pub(crate) greeting: String,
    pub(crate) events: Events,
}

/// `GET /hello/{name}`
pub(crate) async fn hello(State(greeter): State<Greeter>, Path(name): Path<String>) -> String {
    format!("{}, {name}!\n", greeter.greeting)
}

#[async_trait]
impl pb::Greeter for Greeter {
    async fn greet(
        &self,
        request: Request<pb::GreetRequest>,
    ) -> Result<Response<pb::GreetReply>, Status> {
        let name = request.into_inner().name;
        let message = format!("{}, {name}!", self.greeting);
        let published = self.events.publish(Greeted { name }).await;
        published.map_err(Error::from)?;
        Ok(Response::new(pb::GreetReply { message }))
    }
    // ANCHOR: leave
    async fn leave(
        &self,
        request: Request<pb::LeaveRequest>,
    ) -> Result<Response<pb::LeaveReply>, Status> {
        let name = request.into_inner().name;
        let message = format!("Goodbye, {name}!");
        let published = self.events.publish(Left { name }).await;
        published.map_err(Error::from)?;
        Ok(Response::new(pb::LeaveReply { message }))
    }
    // ANCHOR_END: leave
}
