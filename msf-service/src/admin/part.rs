//! The pages about one app, or about the sum of several.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures_util::FutureExt;
use futures_util::future::join_all;
use http::header::CONTENT_TYPE;
use msf_core::component::{AdminPage, PageHandler};
use msf_core::error::{Error, Kind};
use msf_core::health::{Answer, Audience, Health, Probe};

#[cfg(feature = "bus")]
use super::dead;
use super::index::{self, Link};
use super::{AdminApp, AdminError, Document, TAKEN, claim};
#[cfg(feature = "bus")]
use crate::dead::Letters;
use crate::telemetry::Telemetry;

/// A set of pages below one path.
pub(super) struct Part {
    view: View,
    pages: Vec<AdminPage>,
}

/// What the pages are about.
struct View {
    title: String,
    telemetry: Telemetry,
    /// The service whose metrics are shown; all where it is absent.
    service: Option<String>,
    healths: Vec<(String, Health)>,
    settings: Document,
    access: Document,
    links: Vec<Link>,
    #[cfg(feature = "bus")]
    letters: Letters,
}

impl Part {
    /// The pages about one app of several.
    pub(super) fn app(app: AdminApp, telemetry: &Telemetry) -> Self {
        let view = View {
            title: app.name.clone(),
            telemetry: telemetry.clone(),
            service: Some(app.name.clone()),
            healths: vec![(app.name, app.health)],
            settings: app.settings,
            access: app.access,
            links: vec![Link::new("../", "all apps of this process")],
            #[cfg(feature = "bus")]
            letters: app.letters,
        };
        Self {
            view,
            pages: app.pages,
        }
    }

    /// The pages about the process: all of its only app, or the sum of several.
    pub(super) fn root(title: &str, apps: &[AdminApp], telemetry: &Telemetry) -> Self {
        let (title, log_level) = (
            title.to_owned(),
            Link::new("log-level", "level of the log; PUT changes it"),
        );
        if let [app] = apps {
            let Self { view, pages } = Self::app(app.clone(), telemetry);
            let view = View {
                title,
                service: None,
                links: vec![log_level],
                ..view
            };
            return Self { view, pages };
        }
        let links = apps.iter().map(|app| Link {
            health: Some(app.health.clone()),
            ..Link::new(format!("{}/", app.name), "")
        });
        let view = View {
            title,
            telemetry: telemetry.clone(),
            service: None,
            healths: apps
                .iter()
                .map(|app| (app.name.clone(), app.health.clone()))
                .collect(),
            settings: Document::by_name(apps.iter().map(|app| (&*app.name, &app.settings))),
            access: Document::concat(apps.iter().map(|app| &app.access)),
            links: std::iter::once(log_level).chain(links).collect(),
            #[cfg(feature = "bus")]
            letters: Letters::sum(apps.iter().map(|app| &app.letters)),
        };
        Self {
            view,
            pages: Vec::new(),
        }
    }

    pub(super) fn router(self) -> Result<Router, AdminError> {
        let Self { mut view, pages } = self;
        let links = Probe::ALL
            .iter()
            .map(|probe| Link::new(&probe.path()[1..], "probe"));
        let links = links.chain([
            Link::new("metrics", "metrics in the format of Prometheus"),
            Link::new("config", "effective settings and where each came from"),
            Link::new("access", "every RPC and route with its rule"),
            #[cfg(feature = "bus")]
            Link::new(
                "dead",
                "events that nobody could handle; POST decides about them",
            ),
        ]);
        let of_pages = pages
            .iter()
            .map(|page| Link::new(page.path.trim_start_matches('/'), &page.title));
        view.links = links.chain(of_pages).chain(view.links).collect();

        let mut router = Router::new()
            .route(
                "/",
                get(async |State(view): State<Arc<View>>| index::page(&view.title, &view.links)),
            )
            .route("/metrics", get(metrics))
            .route("/config", get(settings))
            .route("/access", get(access));
        for probe in Probe::ALL {
            let answer =
                move |State(view): State<Arc<View>>| async move { ask(probe, &view.healths).await };
            router = router.route(probe.path(), get(answer));
        }
        #[cfg(feature = "bus")]
        let dead = dead::router(&view.title, std::mem::take(&mut view.letters));
        let mut taken = TAKEN.map(str::to_owned).to_vec();
        for page in pages {
            let segment = page.path.strip_prefix('/').unwrap_or(&page.path);
            claim(&mut taken, segment, "the page")?;
            let handler = page.handler;
            let answer = any(move |request: Request| call(handler, request));
            router = router
                .route(&format!("/{segment}"), answer.clone())
                .route(&format!("/{segment}/{{*rest}}"), answer);
        }
        let router = router
            .method_not_allowed_fallback(method_not_allowed)
            .fallback(not_found);
        let router = router.with_state(Arc::new(view));
        #[cfg(feature = "bus")]
        let router = router.merge(dead);
        Ok(router)
    }
}

async fn metrics(State(view): State<Arc<View>>) -> impl IntoResponse {
    let text = match &view.service {
        Some(service) => view.telemetry.render_metrics_of(service),
        None => view.telemetry.render_metrics(),
    };
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
}

async fn settings(State(view): State<Arc<View>>, request: Request) -> Result<Response, Error> {
    view.settings.answer(&request.into_parts().0)
}

async fn access(State(view): State<Arc<View>>, request: Request) -> Result<Response, Error> {
    view.access.answer(&request.into_parts().0)
}

/// The answer of one app's probe, or the sum of several.
async fn ask(probe: Probe, healths: &[(String, Health)]) -> Answer {
    if let [(_, only)] = healths {
        return probe.answer(only, Audience::Operators).await;
    }
    let asked = healths
        .iter()
        .map(async |(name, health)| (&**name, probe.answer(health, Audience::Operators).await));
    Answer::sum(join_all(asked).await)
}

/// The answer of a component's page; its panic is its own fault, and not the end of the connection.
async fn call(handler: PageHandler, request: Request) -> Response {
    let answer = AssertUnwindSafe(async { handler(request).await }).catch_unwind();
    answer
        .await
        .unwrap_or_else(|_| Error::of(Kind::Internal).into_response())
}

pub(super) async fn method_not_allowed() -> Error {
    Error::of(Kind::MethodNotAllowed)
}

async fn not_found() -> Error {
    Error::new(
        Kind::NotFound,
        Kind::NotFound.code(),
        "the admin port has no such page; / lists what it has",
    )
}
