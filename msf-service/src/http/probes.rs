//! The probes on the main port: they answer under overload and through the drain.

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::get;
use msf_core::context::Context;
use msf_core::health::{Audience, Health, Probe};
use msf_core::observe::Route;

/// A router that answers the four probes, and nothing else.
pub(crate) fn probes(health: &Health) -> Router {
    Probe::ALL.into_iter().fold(Router::new(), |router, probe| {
        let health = health.clone();
        let answer = move |request: Request| async move {
            if let Some(context) = request.extensions().get::<Context>() {
                context.set_route(Route::http(probe.path()));
            }
            probe
                .answer(&health, Audience::Callers)
                .await
                .into_response()
        };
        router.route(probe.path(), get(answer))
    })
}
