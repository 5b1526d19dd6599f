//! Routes that cannot be without a rule.

use std::convert::Infallible;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use msf_core::access::{AccessLayer, Head, Rule, RuleInfo};
use msf_core::observe::Route;
use tower_layer::Layer as _;

use super::{method_not_allowed, not_found};
#[cfg(feature = "openapi")]
use crate::openapi::Operation;

/// HTTP routes, each with its access rule. `S` is the state that handlers still need.
///
/// # Panics
///
/// Like axum's `Router`, when a pattern is malformed or two routes overlap: a mistake in the program that shows at its
/// first start.
#[must_use]
#[derive(Debug)]
pub struct Routes<S = ()> {
    router: Router<S>,
    table: Vec<RouteRow>,
    /// Descriptions of no route.
    #[cfg(feature = "openapi")]
    misplaced: Vec<Operation>,
    /// Whether what was done last is to add a route: one of a merge is not this chain's to describe.
    #[cfg(feature = "openapi")]
    has_just_added: bool,
}

/// A route as the access table lists it.
#[derive(Clone, Debug)]
pub(crate) struct RouteRow {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) rule: RuleInfo,
    /// What its author says about it.
    #[cfg(feature = "openapi")]
    pub(crate) operation: Option<Operation>,
}

impl<S> Routes<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// No routes yet.
    pub fn new() -> Self {
        Self {
            router: Router::new(),
            table: Vec::new(),
            #[cfg(feature = "openapi")]
            misplaced: Vec::new(),
            #[cfg(feature = "openapi")]
            has_just_added: false,
        }
    }

    /// Answers GET, and HEAD, under `path` (`/users/{id}`) for those whom `rule` lets in.
    pub fn get<H, T>(self, path: &str, rule: Rule<Head>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::GET, "GET", path, rule, handler)
    }

    /// Answers POST under `path` for those whom `rule` lets in.
    pub fn post<H, T>(self, path: &str, rule: Rule<Head>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::POST, "POST", path, rule, handler)
    }

    /// Answers PUT under `path` for those whom `rule` lets in.
    pub fn put<H, T>(self, path: &str, rule: Rule<Head>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::PUT, "PUT", path, rule, handler)
    }

    /// Answers PATCH under `path` for those whom `rule` lets in.
    pub fn patch<H, T>(self, path: &str, rule: Rule<Head>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::PATCH, "PATCH", path, rule, handler)
    }

    /// Answers DELETE under `path` for those whom `rule` lets in.
    pub fn delete<H, T>(self, path: &str, rule: Rule<Head>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::DELETE, "DELETE", path, rule, handler)
    }

    /// Puts a ready-made axum `Router` under `prefix` (`/legacy`), with one rule for all of it.
    ///
    /// The rule comes before all else: whom it refuses does not even learn which paths and methods there are.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use msf_service::{Rule, http::Routes};
    ///
    /// let legacy = Router::new().route("/report", get(|| async { "as ever" }));
    /// let routes: Routes = Routes::new().mount("/legacy", Rule::role("clerk"), legacy);
    /// ```
    pub fn mount(mut self, prefix: &str, rule: Rule<Head>, router: Router) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let path = format!("{prefix}/{{*rest}}");
        let info = rule.info();
        let mounted: Router = Router::new()
            .nest(prefix, router)
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed);
        let access = AccessLayer::new(rule).route(Route::http(path.clone()));
        let guarded = access.layer(mounted);
        for path in [prefix, &format!("{prefix}/"), &path] {
            self.router = self.router.route_service(path, guarded.clone());
        }
        self.table.push(RouteRow {
            method: "*",
            path,
            rule: info,
            #[cfg(feature = "openapi")]
            operation: None,
        });
        #[cfg(feature = "openapi")]
        {
            self.has_just_added = true;
        }
        self
    }

    /// Says what the route right before it takes and answers, for the document of the app.
    ///
    /// An app does not start with a description that follows no route but another description or a [`merge`](Self::merge), nor
    /// with one of what OpenAPI cannot say: a [`mount`](Self::mount), `/files/{*rest}`.
    ///
    /// ```
    /// use msf_service::openapi::Operation;
    /// use msf_service::{Rule, http::Routes};
    ///
    /// let hello = Operation::new("hello", "A greeting");
    /// let routes: Routes = Routes::new()
    ///     .get("/hello", Rule::public("a greeting is no secret"), || async { "Hello!" })
    ///     .describe(hello);
    /// ```
    #[cfg(feature = "openapi")]
    pub fn describe(mut self, operation: Operation) -> Self {
        match self.table.last_mut().filter(|_| self.has_just_added) {
            Some(row) => row.operation = Some(operation),
            None => self.misplaced.push(operation),
        }
        self.has_just_added = false;
        self
    }

    /// Adds the routes of `other`, each with its own rule.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        #[cfg(feature = "openapi")]
        {
            self.misplaced.extend(other.misplaced);
            self.has_just_added = false;
        }
        self
    }

    /// Gives the handlers their state.
    pub fn with_state<S2>(self, state: S) -> Routes<S2> {
        Routes {
            router: self.router.with_state(state),
            table: self.table,
            #[cfg(feature = "openapi")]
            misplaced: self.misplaced,
            #[cfg(feature = "openapi")]
            has_just_added: self.has_just_added,
        }
    }

    fn on<H, T>(
        mut self,
        filter: MethodFilter,
        method: &'static str,
        path: &str,
        rule: Rule<Head>,
        handler: H,
    ) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let info = rule.info();
        let access = AccessLayer::new(rule).route(Route::http(path.to_owned()));
        // Around the handler and not around the route: that would be one box more for each request.
        let guarded: MethodRouter<S, Infallible> = on(filter, handler.layer(access));
        self.router = self.router.route(path, guarded);
        self.table.push(RouteRow {
            method,
            path: path.to_owned(),
            rule: info,
            #[cfg(feature = "openapi")]
            operation: None,
        });
        #[cfg(feature = "openapi")]
        {
            self.has_just_added = true;
        }
        self
    }
}

impl Routes<()> {
    #[cfg(feature = "openapi")]
    pub(crate) fn rows(&self) -> &[RouteRow] {
        &self.table
    }

    #[cfg(feature = "openapi")]
    pub(crate) fn misplaced(&self) -> &[Operation] {
        &self.misplaced
    }

    pub(crate) fn into_parts(self) -> (Router, Vec<RouteRow>) {
        (self.router, self.table)
    }
}

impl<S> Default for Routes<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}
