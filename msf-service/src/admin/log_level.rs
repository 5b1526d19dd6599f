//! The level of the log, read and changed while the process runs.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use msf_core::error::{Error, Kind};
use serde_json::json;

use super::Document;
use super::body::read_body;
use super::part::method_not_allowed;
use crate::telemetry::{LogLevel, LogLevelError, Telemetry};

/// The longest text of directives, in bytes.
const MAX_LEN: usize = 4 * 1024;

pub(super) fn router(telemetry: Telemetry) -> Router {
    Router::new()
        .route("/log-level", get(show).put(change))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(telemetry)
}

async fn show(State(telemetry): State<Telemetry>, request: Request) -> Result<Response, Error> {
    document(&telemetry).answer(&request.into_parts().0)
}

async fn change(State(telemetry): State<Telemetry>, request: Request) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let level = read(body).await?;
    // Before it changes, because afterwards the line might not be wanted.
    tracing::info!(from = %telemetry.log_level(), to = %level, "log level changes");
    telemetry.set_log_level(level);
    document(&telemetry).answer(&parts)
}

fn document(telemetry: &Telemetry) -> Document {
    let level = telemetry.log_level();
    Document::new(format!("{level}\n"), json!({ "level": level.to_string() }))
}

async fn read(body: Body) -> Result<LogLevel, Error> {
    let body = read_body(body, MAX_LEN).await?;
    let text = String::from_utf8_lossy(&body);
    text.trim().parse().map_err(|error: LogLevelError| {
        Error::new(Kind::Malformed, "log_level.invalid", error.to_string())
    })
}
