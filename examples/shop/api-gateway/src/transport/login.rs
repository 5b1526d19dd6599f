//! `POST /api/v1/login`

use msf_service::axum::http::StatusCode;
use msf_service::error::{Error, Kind};
use msf_service::openapi::Operation;
use msf_service::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Gateway;
use super::no_store::NoStore;

/// Who logs in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    #[schemars(length(min = 1, max = 254))]
    email: String,
    #[schemars(length(min = 1, max = 1_024))]
    password: String,
}

/// The tokens of a new session.
#[derive(Serialize, JsonSchema)]
pub(super) struct LoggedIn {
    /// The same as `access_token`, under the name that older clients look for.
    token: String,
    access_token: String,
    refresh_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token is good for.
    expires_in: u32,
    message: &'static str,
}

pub(super) fn operation() -> Operation {
    Operation::new("login", "Begins a session")
        .tag("account")
        .body::<Credentials>()
        .answers::<LoggedIn>(StatusCode::OK, "The tokens")
        .answer_header(StatusCode::OK, "cache-control", "no-store")
        .fails(
            Kind::Unauthenticated,
            "there is no such user, or the password is another",
        )
        .fails(
            Kind::TooManyRequests,
            "too many logins of this account failed",
        )
}

pub(super) async fn login(
    State(gateway): State<Gateway>,
    Json(body): Json<Credentials>,
) -> Result<NoStore<LoggedIn>, Error> {
    let tokens = gateway.auth.login(body.email, body.password).await?;
    Ok(NoStore(LoggedIn {
        token: tokens.access_token.clone(),
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        token_type: "Bearer",
        expires_in: tokens.expires_in,
        message: "logged in",
    }))
}
