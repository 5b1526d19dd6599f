//! One service and three ways to call it, all in this process.
//!
//! The service is an app with its defaults. The direct way is a function call through the same layers: what they need of a
//! request is made by hand, and the message is neither written nor read.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body::Body as _;
use msf_core::BoxError;
use msf_core::access::{AuthenticateLayer, CallIdentity as _, RpcName, Rule};
use msf_core::context::{Context, ContextLayer, Deadline};
use msf_core::observe::ObserveLayer;
use msf_core::resilience::{CatchPanicLayer, DeadlineLayer, InFlightLayer};
use msf_service::App;
use msf_service::auth::identity::{IdentityVerifier, Itself, ServiceIdentity};
use msf_service::auth::keys::KeyRing;
use msf_service::client::{Channel, Local};
use msf_service::embed::{Embed, Running};
use tokio::runtime::Runtime;
use tonic::metadata::MetadataMap;
use tower::{Service, ServiceBuilder, service_fn};

use super::{GATEWAY, USERS, users};
use crate::pb::{self, Users as _, users_client::UsersClient};

const GET_USER: RpcName = RpcName {
    service: "bench.v1.Users",
    method: "GetUser",
    path: "/bench.v1.Users/GetUser",
};
const ID: &str = "user-7";
/// How long a call may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Makes as many calls as it is told to, one after the other.
pub(crate) type Calls = Box<dyn FnMut(u32) -> Result<(), BoxError>>;

/// The three ways.
pub(crate) struct Ways {
    pub(crate) direct: Calls,
    pub(crate) in_process: Calls,
    pub(crate) tcp: Calls,
}

/// The service while it runs, and who calls it. Everything is on one thread.
struct Scene {
    runtime: Runtime,
    /// Ends with it.
    _app: Running,
}

impl Ways {
    /// Starts the service. It ends with the last of the three.
    pub(crate) fn open() -> Result<Self, BoxError> {
        let (local, ring) = (Local::new(), KeyRing::generate()?);
        let callers = || IdentityVerifier::new(USERS).trust_for_users(GATEWAY, ring.clone());
        let itself = ServiceIdentity::new(GATEWAY, ring.clone()).itself();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let guarded = pb::guard_users(users::Users, users::access(true));
        let app = App::new().authenticate(callers()).grpc(guarded);
        let app = runtime.block_on(Embed::new(USERS).local(&local).start(app))?;

        let near = Channel::in_process(USERS, &local).identify(itself.clone());
        let far = Channel::tcp(USERS, &format!("http://{}", app.http()))?.identify(itself.clone());
        let scene = Rc::new(Scene { runtime, _app: app });
        Ok(Self {
            direct: direct(&scene, callers(), itself),
            in_process: generated(&scene, near),
            tcp: generated(&scene, far),
        })
    }
}

/// Calls through the generated client, as a handler does.
fn generated(scene: &Rc<Scene>, channel: Channel) -> Calls {
    let (scene, mut client) = (Rc::clone(scene), UsersClient::new(channel));
    Box::new(move |times| {
        let calls = async {
            for _ in 0..times {
                let asked = pb::GetUserRequest { id: ID.to_owned() };
                expect(&client.get_user(asked).await?.into_inner())?;
            }
            Ok(())
        };
        scene.runtime.block_on(request().scope(calls))
    })
}

/// Calls the method of the service through the layers that an app has.
fn direct(scene: &Rc<Scene>, callers: IdentityVerifier, itself: Itself) -> Calls {
    let scene = Rc::clone(scene);
    let mut service = ServiceBuilder::new()
        .layer(ContextLayer::new().default_deadline(DEADLINE))
        .layer(ObserveLayer::new(USERS))
        .layer(CatchPanicLayer::new())
        .layer(InFlightLayer::new(4096))
        .layer(DeadlineLayer::new())
        .layer(AuthenticateLayer::new(callers))
        .service(service_fn(method));
    Box::new(move |times| {
        // A token lives for a minute, and so does the context of a request.
        let mut headers = HeaderMap::new();
        request().child().inject(&mut headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(AUTHORIZATION, itself.header(None, USERS)?);
        scene.runtime.block_on(async {
            for _ in 0..times {
                let mut request = Request::new(Body::empty());
                *request.method_mut() = Method::POST;
                *request.uri_mut() = Uri::from_static(GET_USER.path);
                request.headers_mut().clone_from(&headers);
                let asked = pb::GetUserRequest { id: ID.to_owned() };
                request.extensions_mut().insert(asked);
                poll_fn(|cx| service.poll_ready(cx)).await?;
                let mut response = service.call(request).await?;
                let user: Option<pb::User> = response.extensions_mut().remove();
                // The end of the body is the end of the call.
                let mut body = pin!(response.into_body());
                while poll_fn(|cx| body.as_mut().poll_frame(cx)).await.is_some() {}
                expect(&user.unwrap_or_default())?;
            }
            Ok(())
        })
    })
}

/// What is inside of the layers: the rule, and the method.
async fn method(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let (mut parts, _) = request.into_parts();
    let asked: pb::GetUserRequest = parts.extensions.remove().unwrap_or_default();
    let metadata = MetadataMap::from_headers(parts.headers);
    let mut asked = tonic::Request::from_parts(metadata, parts.extensions, asked);
    let rule = Rule::authenticated("of any role");
    let answer = match rule.check_rpc(&GET_USER, &mut asked).await {
        Ok(()) => users::Users.get_user(asked).await,
        Err(refused) => Err(refused),
    };
    let mut response = Response::new(Body::empty());
    let code = answer
        .as_ref()
        .err()
        .map_or(tonic::Code::Ok, tonic::Status::code);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from(code as i32));
    if let Ok(user) = answer {
        response.extensions_mut().insert(user.into_inner());
    }
    Ok(response)
}

/// The context of the request on whose behalf is called.
fn request() -> Context {
    let deadline = Deadline::after(DEADLINE);
    deadline.map_or_else(Context::root, |deadline| {
        Context::root().with_deadline(deadline)
    })
}

fn expect(user: &pb::User) -> Result<(), BoxError> {
    if user.id == ID && !user.name.is_empty() {
        return Ok(());
    }
    Err(format!("not the user: {user:?}").into())
}
