//! Who gets through to what in a whole app: spellings of paths, mounted routers, own layers, bad credentials.

mod app_support;
#[expect(dead_code, clippy::unused_async, reason = "a part of it is used")]
mod grpc_support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app_support::{grpc, request, request2};
use axum::Router;
use axum::extract::Request as HttpRequest;
use axum::middleware::{Next, from_fn};
use axum::response::Response as HttpResponse;
use axum::routing::get;
use grpc_support::{Counting, counters_only};
use http::{HeaderMap, StatusCode};
use msf_core::BoxFuture;
use msf_core::access::{Authenticator, Head, Principal};
use msf_core::context::Context;
use msf_core::error::{Error, Kind};
use msf_service::embed::{Embed, Running};
use msf_service::prelude::*;
use msf_test_protos::pb::msf::test::v1 as pb;

/// `authorization: User NAME ROLE..` is believed; anything else there is refused.
struct ByWord;

impl Authenticator for ByWord {
    fn authenticate<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        Box::pin(async move {
            let Some(value) = headers.get("authorization") else {
                return Ok(None);
            };
            let refused = || Error::new(Kind::Unauthenticated, "word.bad", "not a good word");
            let text = value.to_str().map_err(|_| refused())?;
            let mut words = text.strip_prefix("User ").ok_or_else(refused)?.split(' ');
            let user = Principal::user(words.next().unwrap_or_default());
            Ok(Some(words.fold(user, Principal::with_role)))
        })
    }
}

const ADMIN: &str = "authorization: User ana admin counter\r\n";
const BO: &str = "authorization: User bo\r\n";
const BAD: &str = "authorization: Bearer bad\r\n";

/// The app of these tests, and how often one of its ruled handlers ran.
fn app() -> (App, Counting, Arc<AtomicUsize>) {
    let (counting, reached) = (Counting::default(), Arc::new(AtomicUsize::new(0)));
    let count = || {
        let reached = Arc::clone(&reached);
        move || {
            reached.fetch_add(1, Ordering::SeqCst);
            async { "reached" }
        }
    };
    let users = Arc::clone(&reached);
    let user = move |Path(id): Path<String>| {
        users.fetch_add(1, Ordering::SeqCst);
        async move { id }
    };
    let files = Router::new()
        .route("/", get(count()))
        .route("/report", get(count()))
        .fallback(count());
    let routes = Routes::new()
        .get("/open", Rule::public("for tests"), async || "open")
        .get("/admin", Rule::role("admin"), count())
        .get(
            "/users/{id}",
            Rule::owner(|Path(id): &Path<String>| id),
            user,
        )
        .mount("/files", Rule::role("admin"), files);
    let app = App::new()
        .http(routes)
        .grpc(pb::guard_counter(counting.clone(), counters_only()));
    (app, counting, reached)
}

async fn start(app: App) -> (Running, SocketAddr) {
    let running = Embed::new("app").start(app).await.expect("it starts");
    let address = running.http();
    (running, address)
}

/// Spellings that a sloppy router or proxy takes for `/admin`, or for something under `/files`.
const OTHER_PATHS: [&str; 23] = [
    "/Admin",
    "/ADMIN",
    "//admin",
    "///admin",
    "/admin/",
    "/admin//",
    "/admin/.",
    "/admin/..",
    "/admin%2F",
    "/admin%2f..",
    "/%61dmin",
    "/admi%6E",
    "/./admin",
    "/x/../admin",
    "/open/../admin",
    "/open%2f..%2fadmin",
    "/admin;a=b",
    "/admin%00",
    "/admin%20",
    "/admin%3Fa=b",
    "/Files/report",
    "//files/report",
    "/open/../files/report",
];

#[tokio::test]
async fn no_other_spelling_of_a_route_reaches_its_handler() {
    let (app, _, reached) = app();
    let (_running, address) = start(app.authenticate(ByWord)).await;
    for path in OTHER_PATHS {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            for headers in ["", BO, BAD, ADMIN] {
                let answer = request(address, method, path, headers, b"").await;
                assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
            }
            let answer = request2(address, method, path, &[], b"").await;
            assert_eq!(answer.status, 404, "{method} {path} over HTTP/2");
        }
    }
    // Other ways to write the very same path meet the same rule.
    for target in [
        "/admin",
        "/admin?a=b",
        "/admin?",
        "http://other.example/admin",
    ] {
        for method in ["GET", "HEAD"] {
            assert_eq!(
                request(address, method, target, "", b"").await.status,
                401,
                "{target}"
            );
            assert_eq!(
                request(address, method, target, BO, b"").await.status,
                403,
                "{target}"
            );
        }
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    assert_eq!(
        request(address, "GET", "/admin?a=b", ADMIN, b"")
            .await
            .status,
        200
    );
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_mounted_router_is_behind_its_rule_with_all_that_it_answers() {
    let (app, _, reached) = app();
    let (_running, address) = start(app.authenticate(ByWord)).await;
    for path in [
        "/files",
        "/files/report",
        "/files/nothing",
        "/files//report",
        "/files/%2e%2e/open",
    ] {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE"] {
            for (headers, status) in [("", 401), (BAD, 401), (BO, 403)] {
                let answer = request(address, method, path, headers, b"").await;
                // Whom the rule refuses learns neither paths nor methods.
                assert_eq!(answer.status, status, "{method} {path}");
            }
        }
    }
    // To axum this is no path of the mounted router.
    let bare = request(address, "GET", "/files/", ADMIN, b"").await;
    assert_eq!(bare.status, 404);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    for path in ["/files", "/files/report", "/files/nothing"] {
        assert_eq!(
            request(address, "GET", path, ADMIN, b"").await.status,
            200,
            "{path}"
        );
    }
    assert_eq!(reached.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_owner_is_compared_with_what_the_handler_will_see() {
    let (app, _, reached) = app();
    let (_running, address) = start(app.authenticate(ByWord)).await;
    for (path, headers, status) in [
        ("/users/bo", BO, 200),
        ("/users/b%6F", BO, 200),
        ("/users/ana", BO, 403),
        ("/users/%61na", BO, 403),
        ("/users/Bo", BO, 403),
        ("/users/bo%20", BO, 403),
        ("/users/bo%2F", BO, 403),
        ("/users/bo%00", BO, 403),
        ("/users/%ff", BO, 400),
        ("/users/ana%2f..%2fbo", BO, 403),
        ("/users/bo", "", 401),
        ("/users/", BO, 404),
        ("/users//", BO, 404),
        ("/users/bo/", BO, 404),
    ] {
        let answer = request(address, "GET", path, headers, b"").await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        if status == 200 {
            assert_eq!(answer.body, "bo");
        }
    }
    assert_eq!(reached.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn no_other_spelling_of_an_rpc_reaches_its_implementation() {
    const RIGHT: &str = "/msf.test.v1.Counter/Increment";
    let (app, counting, _) = app();
    let (_running, address) = start(app.authenticate(ByWord)).await;
    let admin = [("authorization", "User ana admin counter")];
    for path in [
        "//msf.test.v1.Counter/Increment",
        "/msf.test.v1.Counter//Increment",
        "/msf.test.v1.Counter/Increment/",
        "/msf.test.v1.Counter%2FIncrement",
        "/msf.test.v1.Counter/%49ncrement",
        "/msf.test.v1.Counter/increment",
        "/MSF.test.v1.Counter/Increment",
        "/msf.test.v1.Counter/./Increment",
        "/x/../msf.test.v1.Counter/Increment",
        "/msf.test.v1.Counter/Increment;a=b",
        "/msf.test.v1.Counter/Increment%00",
        "/msf.test.v1.Counter/",
        "/msf.test.v1.Counter",
    ] {
        for headers in [&[][..], &admin] {
            let answer = grpc(address, path, headers).await;
            assert_eq!(
                (answer.status, answer.grpc()),
                (StatusCode::OK, "12"),
                "{path}"
            );
        }
        let headers = format!("content-type: application/grpc\r\n{ADMIN}");
        let answer = request(address, "POST", path, &headers, &[0; 5]).await;
        assert_eq!(answer.header("grpc-status"), "12", "{path}");
    }
    assert_eq!(counting.calls(), 0);
    for path in [RIGHT, "/msf.test.v1.Counter/Increment?a=b"] {
        assert_eq!(grpc(address, path, &[]).await.grpc(), "16");
        assert_eq!(
            grpc(address, path, &[("authorization", "User bo")])
                .await
                .grpc(),
            "7"
        );
    }
    assert_eq!(counting.calls(), 0);
    assert_eq!(grpc(address, RIGHT, &admin).await.grpc(), "0");
    assert_eq!(counting.calls(), 1);
}

#[tokio::test]
async fn bad_credentials_matter_only_where_a_rule_asks() {
    let (app, ..) = app();
    let (_running, address) = start(app.authenticate(ByWord)).await;
    assert_eq!(request(address, "GET", "/open", BAD, b"").await.status, 200);
    let refused = request(address, "GET", "/admin", BAD, b"").await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (401, &"word.bad".into())
    );
    let refused = request(address, "GET", "/admin", "", b"").await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (401, &"unauthenticated".into())
    );
    // A subject that is empty is nobody.
    let empty = "authorization: User  admin\r\n";
    assert_eq!(
        request(address, "GET", "/admin", empty, b"").await.status,
        401
    );
}

#[tokio::test]
async fn without_an_authenticator_everybody_is_anonymous() {
    let (app, counting, reached) = app();
    let (_running, address) = start(app).await;
    for headers in ["", ADMIN, BAD] {
        assert_eq!(
            request(address, "GET", "/open", headers, b"").await.status,
            200
        );
        assert_eq!(
            request(address, "GET", "/admin", headers, b"").await.status,
            401
        );
        assert_eq!(
            request(address, "GET", "/users/ana", headers, b"")
                .await
                .status,
            401
        );
    }
    let admin = [("authorization", "User ana counter")];
    let path = "/msf.test.v1.Counter/Increment";
    assert_eq!(grpc(address, path, &admin).await.grpc(), "16");
    assert_eq!(counting.calls() + reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_authenticator_can_be_wrapped() {
    /// The inner one, but whoever is nobody is ana.
    struct Ana(Option<Arc<dyn Authenticator>>);

    impl Authenticator for Ana {
        fn authenticate<'a>(
            &'a self,
            headers: &'a HeaderMap,
        ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
            Box::pin(async move {
                let inner = self.0.as_ref().expect("there was one");
                let found = inner.authenticate(headers).await?;
                Ok(found.or_else(|| Some(Principal::user("ana"))))
            })
        }
    }

    let (app, ..) = app();
    let (_running, address) = start(app.authenticate(ByWord).wrap_authenticator(Ana)).await;
    assert_eq!(
        request(address, "GET", "/users/ana", "", b"").await.status,
        200
    );
    assert_eq!(
        request(address, "GET", "/users/bo", "", b"").await.status,
        403
    );
    assert_eq!(
        request(address, "GET", "/users/bo", BO, b"").await.status,
        200
    );
}

#[tokio::test]
async fn an_own_layer_knows_the_principal_and_is_inside_of_the_bounds() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let layer = from_fn(move |request: HttpRequest, next: Next| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            let who = Context::current()
                .and_then(|context| Some(context.principal()?.subject().to_owned()));
            if request.headers().contains_key("x-stop") {
                return HttpResponse::builder()
                    .status(418)
                    .body("no".into())
                    .expect("an answer");
            }
            let mut answer = next.run(request).await;
            let who = who.unwrap_or("nobody".to_owned()).parse().expect("a value");
            answer.headers_mut().insert("x-who", who);
            answer
        }
    });
    let (app, counting, reached) = app();
    let (_running, address) = start(app.authenticate(ByWord).layer(layer)).await;
    for (path, headers, status, who) in [
        ("/open", "", 200, "nobody"),
        ("/open", BO, 200, "bo"),
        ("/admin", BO, 403, "bo"),
        ("/admin", "", 401, "nobody"),
        ("/nothing", ADMIN, 404, "ana"),
    ] {
        let answer = request(address, "GET", path, headers, b"").await;
        assert_eq!(
            (answer.status, answer.header("x-who")),
            (status, who),
            "{path}"
        );
    }
    let path = "/msf.test.v1.Counter/Increment";
    let answer = grpc(address, path, &[("authorization", "User bo")]).await;
    assert_eq!(
        (answer.grpc(), answer.headers["x-who"].as_bytes()),
        ("7", &b"bo"[..])
    );
    // It may refuse, and then nothing behind it runs.
    let headers = format!("{ADMIN}x-stop: 1\r\n");
    assert_eq!(
        request(address, "GET", "/admin", &headers, b"")
            .await
            .status,
        418
    );
    assert_eq!(reached.load(Ordering::SeqCst) + counting.calls(), 0);
    // Probes do not come this far.
    let before = seen.load(Ordering::SeqCst);
    assert_eq!(request(address, "GET", "/livez", "", b"").await.status, 200);
    assert_eq!(seen.load(Ordering::SeqCst), before);
}

#[tokio::test]
async fn a_service_of_another_generator_is_behind_one_rule_and_reflection_is_of_dev_only() {
    const REFLECT: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let (app, ..) = app();
    let (dev, address) = start(app.authenticate(ByWord)).await;
    let listed = |running: &Running| {
        let rows = running.access().iter();
        rows.filter(|row| row.path.contains("reflection")).count()
    };
    assert_eq!(listed(&dev), 2);
    assert_ne!(grpc(address, REFLECT, &[]).await.grpc(), "12");

    let (app, ..) = self::app();
    let prod = Embed::new("app").profile(msf_service::Profile::Prod);
    let prod = prod
        .start(app.authenticate(ByWord))
        .await
        .expect("it starts");
    assert_eq!(listed(&prod), 0);
    assert_eq!(grpc(prod.http(), REFLECT, &[]).await.grpc(), "12");

    // What prod leaves out can be served as any service of tonic's own: with a rule.
    let (app, ..) = self::app();
    let files = tonic_health::pb::FILE_DESCRIPTOR_SET;
    let builder =
        tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(files);
    let app = app.authenticate(ByWord).grpc_raw(
        builder.build_v1().expect("descriptors"),
        Rule::role("admin"),
    );
    let raw = Embed::new("app").profile(msf_service::Profile::Prod);
    let raw = raw.start(app).await.expect("it starts");
    assert_eq!(listed(&raw), 1);
    let bo = [("authorization", "User bo")];
    let ana = [("authorization", "User ana admin")];
    for path in [REFLECT, "/grpc.reflection.v1.ServerReflection/Nothing"] {
        assert_eq!(grpc(raw.http(), path, &[]).await.grpc(), "16", "{path}");
        assert_eq!(grpc(raw.http(), path, &bo).await.grpc(), "7", "{path}");
    }
    assert!(!["7", "12", "16"].contains(&grpc(raw.http(), REFLECT, &ana).await.grpc()));
}

#[tokio::test]
async fn probes_answer_while_the_service_sheds() {
    let (entered, release) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let (enter, wait) = (Arc::clone(&entered), Arc::clone(&release));
    let stuck = move || {
        let (enter, wait) = (Arc::clone(&enter), Arc::clone(&wait));
        async move {
            enter.notify_one();
            wait.notified().await;
            "at last"
        }
    };
    let routes = Routes::<()>::new().get("/stuck", Rule::<Head>::public("for tests"), stuck);
    let mut settings = msf_service::ServiceSettings::default();
    settings.limits.in_flight = Some(1);
    let running = Embed::with_settings("app", settings).start(App::new().http(routes));
    let running = running.await.expect("it starts");
    let address = running.http();

    let first = tokio::spawn(request(address, "GET", "/stuck", "", b""));
    entered.notified().await;
    // Of two more one may wait; the other is shed at once.
    let mut second = tokio::spawn(request(address, "GET", "/stuck", "", b""));
    let mut third = tokio::spawn(request(address, "GET", "/stuck", "", b""));
    let (shed, waiting) = tokio::select! {
        shed = &mut second => (shed, third),
        shed = &mut third => (shed, second),
    };
    let shed = shed.expect("an answer");
    assert_eq!(
        (shed.status, shed.header("retry-after")),
        (503, "1"),
        "{shed:?}"
    );
    for _ in 0..100 {
        for probe in ["/livez", "/readyz", "/startupz", "/healthz"] {
            assert_eq!(
                request(address, "GET", probe, "", b"").await.status,
                200,
                "{probe}"
            );
        }
        assert_eq!(
            grpc(address, "/grpc.health.v1.Health/Check", &[])
                .await
                .grpc(),
            "0"
        );
    }
    assert_eq!(request(address, "GET", "/stuck", "", b"").await.status, 503);
    release.notify_one();
    assert_eq!(first.await.expect("an answer").body, "at last");
    entered.notified().await;
    release.notify_one();
    assert_eq!(waiting.await.expect("an answer").body, "at last");
    assert_eq!(running.stop(Duration::from_secs(2)).await.cut, 0);
}

#[tokio::test]
async fn health_over_grpc_follows_the_state() {
    use msf_core::health::State;
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

    let (app, ..) = app();
    let app = msf_testing::start(async move |_: Boot<()>| Ok(app), ())
        .await
        .expect("it starts");
    let mut client = HealthClient::new(app.channel());
    let ask = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut watch = client
        .watch(ask("msf.test.v1.Counter"))
        .await
        .expect("a stream")
        .into_inner();
    for (state, serving, ready) in [
        (State::Ready, ServingStatus::Serving, 200),
        (State::Draining, ServingStatus::NotServing, 503),
    ] {
        app.running().health().set_state(state);
        for service in ["", "msf.test.v1.Counter"] {
            let answer = client
                .check(ask(service))
                .await
                .expect("an answer")
                .into_inner();
            assert_eq!(answer.status(), serving, "{state:?} {service:?}");
        }
        let told = watch.message().await.expect("no error").expect("a message");
        assert_eq!(told.status(), serving);
        assert_eq!(app.get("/readyz").send().await.status(), ready);
        assert_eq!(app.get("/livez").send().await.status(), 200);
    }
    let unknown = client.check(ask("no.Such")).await.expect_err("unknown");
    assert_eq!(unknown.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn no_debug_of_headers_shows_credentials() {
    let shown = Arc::new(std::sync::Mutex::new(String::new()));
    let show = Arc::clone(&shown);
    let layer = from_fn(move |request: HttpRequest, next: Next| {
        *show.lock().unwrap() = format!("{:?}", request.headers());
        next.run(request)
    });
    let routes = Routes::new().get("/", Rule::public("a test"), async || "hello");
    let app = App::new().http(routes).layer(layer);
    let running = Embed::new("app").start(app).await.unwrap();
    let credentials = "authorization: User hunter2\r\ncookie: a=hunter2\r\nproxy-authorization: hunter2\r\nx-other: plain\r\n";
    let answer = request(running.http(), "GET", "/", credentials, b"").await;
    assert_eq!(answer.status, 200);
    let shown = shown.lock().unwrap().clone();
    assert!(
        shown.contains("plain") && shown.contains("Sensitive"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}
