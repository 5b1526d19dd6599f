//! `POST /api/v1/refresh-token`

use msf_service::axum::http::StatusCode;
use msf_service::error::{Error, Kind};
use msf_service::openapi::Operation;
use msf_service::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Gateway;
use super::no_store::NoStore;

/// What a refresh and a logout are told.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshToken {
    #[schemars(length(min = 1))]
    pub(super) refresh_token: String,
}

/// The next tokens of a session.
#[derive(Serialize, JsonSchema)]
pub(super) struct Refreshed {
    access_token: String,
    refresh_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token is good for.
    expires_in: u32,
}

pub(super) fn operation() -> Operation {
    Operation::new("refreshToken", "Goes on with a session")
        .tag("account")
        .body::<RefreshToken>()
        .answers::<Refreshed>(StatusCode::OK, "The next tokens")
        .answer_header(StatusCode::OK, "cache-control", "no-store")
        .fails(
            Kind::Unauthenticated,
            "the refresh token is of no living session",
        )
}

pub(super) async fn refresh(
    State(gateway): State<Gateway>,
    Json(body): Json<RefreshToken>,
) -> Result<NoStore<Refreshed>, Error> {
    let tokens = gateway.auth.refresh(body.refresh_token).await?;
    Ok(NoStore(Refreshed {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        token_type: "Bearer",
        expires_in: tokens.expires_in,
    }))
}
