//! `POST /api/v1/logout`

use msf_service::axum::http::StatusCode;
use msf_service::error::Error;
use msf_service::openapi::Operation;
use msf_service::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::Gateway;
use super::refresh::RefreshToken;

/// A session is over.
#[derive(Serialize, JsonSchema)]
pub(super) struct LoggedOut {
    message: &'static str,
}

pub(super) fn operation() -> Operation {
    Operation::new("logout", "Ends a session")
        .description("The access token is good until it expires.")
        .tag("account")
        .body::<RefreshToken>()
        .answers::<LoggedOut>(StatusCode::OK, "The session is over")
}

pub(super) async fn logout(
    State(gateway): State<Gateway>,
    Json(body): Json<RefreshToken>,
) -> Result<Json<LoggedOut>, Error> {
    gateway.auth.logout(body.refresh_token).await?;
    Ok(Json(LoggedOut {
        message: "logged out",
    }))
}
