//! What a service is: its RPCs, routes, components and the rules on them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use futures_util::future::LocalBoxFuture;
use msf_core::access::{Authenticator, Head, Rule};
use msf_core::component::{AdminPage, Component};
use msf_core::health::{Check, Health};
use msf_core::resilience::{BodyLimitLayer, DeadlineLayer, InFlightLayer};
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "bus")]
use crate::events::AppEvents;
use crate::grpc::{Guarded, RpcService, ServiceInfo, health_service, reflection_services};
use crate::http::{Routes, method_not_allowed, not_found, probes};
use crate::stack::{Bounds, EdgeService, edge_stack};
use crate::{AccessRow, Profile};

/// One service: a value that says what it answers and to whom; it does nothing until something runs it.
///
/// The process runs it ([`run`](crate::run), [`Host`](crate::Host)); a test starts it on a port of its own.
///
/// ```
/// use msf_service::{App, Rule, http::Routes};
/// let app = App::new().http(Routes::new().get("/", Rule::public("the front page"), || async { "hello" }));
/// # let _ = app;
/// ```
#[must_use]
#[derive(Default)]
pub struct App {
    routes: Routes,
    services: Vec<GrpcEntry>,
    components: Vec<Box<dyn Component>>,
    #[cfg(feature = "bus")]
    subscriptions: Vec<msf_bus::Subscription>,
    checks: Vec<Check>,
    authenticator: Option<Arc<dyn Authenticator>>,
    layers: Vec<Box<dyn FnOnce(Router) -> Router + Send>>,
    on_start: Vec<StartWork>,
    suggestion: Option<String>,
    #[cfg(feature = "openapi")]
    openapi: Option<crate::openapi::OpenApi>,
}

/// What an app does before anybody is answered.
pub(crate) type StartWork = Box<dyn FnOnce() -> LocalBoxFuture<'static, crate::Result<()>> + Send>;

/// A gRPC service before its limits are known.
struct GrpcEntry {
    info: ServiceInfo,
    rows: Vec<(String, String, msf_core::access::RuleInfo)>,
    router: Box<dyn FnOnce(usize) -> Router + Send>,
}

/// An app with all layers around it, ready to be served.
pub(crate) struct Assembled {
    pub(crate) service: EdgeService,
    pub(crate) rows: Vec<AccessRow>,
    pub(crate) components: Vec<Box<dyn Component>>,
    pub(crate) pages: Vec<AdminPage>,
    pub(crate) on_start: Vec<StartWork>,
    pub(crate) suggestion: Option<String>,
}

impl App {
    /// An app that answers probes and nothing else.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says who is calling. Without one every caller is anonymous. The last call counts.
    pub fn authenticate(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Replaces the authenticator by what `wrap` makes of it; tests use it to add principals of their own.
    pub fn wrap_authenticator<A: Authenticator>(
        mut self,
        wrap: impl FnOnce(Option<Arc<dyn Authenticator>>) -> A,
    ) -> Self {
        let inner = self.authenticator.take();
        self.authenticate(wrap(inner))
    }

    /// Serves a gRPC service; only the guard that its proto generated makes a [`Guarded`].
    pub fn grpc<S: RpcService>(mut self, service: Guarded<S>) -> Self {
        let row = |rule: &crate::grpc::RpcRule| {
            (
                rule.method.to_owned(),
                rule.path.to_string(),
                rule.rule.clone(),
            )
        };
        self.services.push(GrpcEntry {
            info: service.info(),
            rows: service.rules().iter().map(row).collect(),
            router: Box::new(move |limit| service.max_message_by_default(limit).into_router()),
        });
        self
    }

    /// Serves a gRPC service that another generator made, with one rule for all of it.
    ///
    /// ```
    /// use msf_service::{App, Rule};
    ///
    /// // A tonic service from somewhere else:
    /// let (_reporter, service) = tonic_health::server::health_reporter();
    /// let app = App::new().grpc_raw(service, Rule::role("operator"));
    /// # let _ = app;
    /// ```
    pub fn grpc_raw<S: RpcService>(self, service: S, rule: Rule<Head>) -> Self {
        self.grpc(Guarded::raw(service, rule))
    }

    /// Serves HTTP routes; a further call adds to them.
    pub fn http(mut self, routes: Routes) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Runs a component beside the server: it starts with the app, ends in its step of the shutdown, and the app ends
    /// with an error if it does.
    pub fn component(mut self, component: impl Component) -> Self {
        self.components.push(Box::new(component));
        self
    }

    /// Handles events of one type: the short form of [`subscribe`](Self::subscribe), with every default.
    ///
    /// `name` is what stays: under it the broker keeps what was not handled yet, over restarts and renamed types. The handler
    /// is an `async fn(Delivery<E>) -> Handled`, or a type with [`Handle<E>`](msf_bus::Handle).
    ///
    /// ```
    /// use msf_service::bus::{Delivery, Event, Handled};
    /// use msf_service::App;
    /// # use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, Event)]
    /// #[event(name = "hello.greeted")]
    /// struct Greeted { name: String }
    ///
    /// async fn count(greeted: Delivery<Greeted>) -> Handled {
    ///     println!("{} was greeted", greeted.name);
    ///     Ok(())
    /// }
    ///
    /// let app = App::new().on("greetings", count);
    /// # let _ = app;
    /// ```
    #[cfg(feature = "bus")]
    pub fn on<E: msf_bus::Event>(
        self,
        name: impl Into<String>,
        handler: impl msf_bus::Handle<E>,
    ) -> Self {
        self.subscribe(msf_bus::Subscription::new(name).on(handler))
    }

    /// Handles the events of a subscription, from the start of the app to the third step of its end.
    ///
    /// Readiness needs the transport then. An app whose subscriptions have one name twice, or a name that is not one word
    /// of `[a-z0-9-]`, does not start.
    ///
    /// ```
    /// use msf_service::bus::{Delivery, Event, Handled, Retry, Subscription};
    /// use msf_service::App;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(name = "hello.greeted")]
    /// # struct Greeted { name: String }
    /// # async fn count(_: Delivery<Greeted>) -> Handled { Ok(()) }
    ///
    /// let greetings = Subscription::new("greetings").on(count).ordered().retry(Retry::never());
    /// let app = App::new().subscribe(greetings);
    /// # let _ = app;
    /// ```
    #[cfg(feature = "bus")]
    pub fn subscribe(mut self, subscription: msf_bus::Subscription) -> Self {
        self.subscriptions.push(subscription);
        self
    }

    /// Adds something that must be right for the app to be ready.
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Does this once, before anybody is answered: an app that needs its first record makes it here.
    ///
    /// The function that makes the app also runs for `config --check` and `access`, which must change nothing; this runs
    /// only where the app is going to serve. Other services of the process do not answer yet. An error ends the start.
    ///
    /// ```
    /// use msf_service::App;
    /// let app = App::new().on_start(async || Ok(()));
    /// # let _ = app;
    /// ```
    pub fn on_start<F>(mut self, work: F) -> Self
    where
        F: AsyncFnOnce() -> crate::Result<()> + Send + 'static,
    {
        self.on_start
            .push(Box::new(move || Box::pin(async move { work().await })));
        self
    }

    /// Serves the OpenAPI document of the routes at `/openapi.json`, and a page to try them at `/docs`, to everybody.
    ///
    /// See [`openapi`](crate::openapi). The last call counts.
    ///
    /// ```
    /// use msf_service::{App, openapi::OpenApi};
    /// let app = App::new().openapi(OpenApi::new("Hello", "1.0.0"));
    /// # let _ = app;
    /// ```
    #[cfg(feature = "openapi")]
    pub fn openapi(mut self, api: crate::openapi::OpenApi) -> Self {
        self.openapi = Some(api);
        self
    }

    /// What the ready block suggests to paste, in place of a call of the first public route and RPC: `{url}` stands for the
    /// address of this app. The last call counts.
    pub fn suggest(mut self, command: impl Into<String>) -> Self {
        self.suggestion = Some(command.into());
        self
    }

    /// Puts a tower layer of your own between authentication and the access rules, around routes and RPCs alike.
    ///
    /// A later one is outside of an earlier. Bounds, logs and metrics are outside of all: see the list in `stack.rs`.
    ///
    /// ```
    /// use axum::{extract::Request, middleware::{Next, from_fn}, response::Response};
    /// use msf_service::{App, context::Context, tracing};
    ///
    /// /// Notes who asks for what.
    /// async fn note(request: Request, next: Next) -> Response {
    ///     let principal = Context::current().and_then(|context| Some(context.principal()?.subject().to_owned()));
    ///     tracing::info!(principal, "asked");
    ///     next.run(request).await
    /// }
    ///
    /// let app = App::new().layer(from_fn(note));
    /// # let _ = app;
    /// ```
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<std::convert::Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.layers
            .push(Box::new(move |router| router.layer(layer)));
        self
    }

    /// Puts everything together.
    pub(crate) fn assemble(
        self,
        name: &Arc<str>,
        profile: Profile,
        bounds: Bounds,
        health: &Health,
        #[cfg(feature = "bus")] events: &AppEvents,
    ) -> crate::Result<Assembled> {
        let infos: Vec<ServiceInfo> = self.services.iter().map(|entry| entry.info).collect();
        let health_rpc = health_service(health.clone(), infos.iter().map(ServiceInfo::name));
        let health_info = health_rpc.info();
        let mut app = self;
        if profile == Profile::Dev && !infos.is_empty() {
            let (v1, v1alpha) = reflection_services(infos.into_iter().chain([health_info]))?;
            app = app.grpc(v1).grpc(v1alpha);
        }

        refuse_twins(&app.services)?;
        #[cfg(feature = "bus")]
        {
            let consuming = events.consume(std::mem::take(&mut app.subscriptions))?;
            app.components.extend(consuming.components);
            app.checks.extend(consuming.check);
        }

        #[cfg(feature = "openapi")]
        if let Some(api) = &app.openapi {
            app.routes = crate::openapi::publish(api, app.routes)?;
        }
        let mut rows = Vec::new();
        let (routes_router, routes) = app.routes.into_parts();
        // By what answers, not by what a request says it is: a content type of gRPC is one header away.
        let mut main = routes_router.layer(BodyLimitLayer::new(bounds.body));
        rows.extend(
            routes
                .into_iter()
                .map(|row| AccessRow::route(&**name, row.method, row.path, row.rule)),
        );
        let health_rows = health_rpc.rules().iter();
        rows.extend(
            health_rows
                .map(|rule| AccessRow::rpc(&**name, rule.method, &*rule.path, rule.rule.clone())),
        );
        for entry in app.services {
            let own = entry.rows.into_iter();
            rows.extend(
                own.map(|(method, path, rule)| AccessRow::rpc(&**name, method, path, rule)),
            );
            main = main.merge((entry.router)(bounds.body));
        }
        let main = main
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed);
        let main = app
            .layers
            .into_iter()
            .fold(main, |router, layer| layer(router));

        app.checks.into_iter().for_each(|check| health.add(check));
        let mut pages = Vec::new();
        for component in &app.components {
            component
                .checks()
                .into_iter()
                .for_each(|check| health.add(check));
            pages.extend(component.pages());
        }
        // Bounds of its own: an overloaded app still tells how it is, and whoever watches it cannot overload it.
        let health_rpc = health_rpc
            .max_message_by_default(bounds.body)
            .into_router()
            .layer(DeadlineLayer::new())
            .layer(InFlightLayer::with_queue(bounds.in_flight, 0));
        let probes = probes(health).merge(health_rpc);
        let probes = probes.method_not_allowed_fallback(method_not_allowed);
        let service = edge_stack(name, bounds, app.authenticator, probes, main);
        Ok(Assembled {
            service,
            rows,
            components: app.components,
            pages,
            on_start: app.on_start,
            suggestion: app.suggestion,
        })
    }
}

/// Two services of one name would want the same paths; axum would panic.
fn refuse_twins(services: &[GrpcEntry]) -> crate::Result<()> {
    let mut names = BTreeSet::new();
    for name in services.iter().map(|entry| entry.info.name()) {
        if !names.insert(name) {
            let text = format!(
                "the gRPC service `{name}` is served twice; an app in `dev` brings reflection itself"
            );
            return Err(text.into());
        }
    }
    Ok(())
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
