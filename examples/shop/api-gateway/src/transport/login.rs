//! `POST /api/v1/login`

use msf_service::error::Error;
use msf_service::prelude::*;
use serde::{Deserialize, Serialize};

use super::Gateway;
use super::no_store::NoStore;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    email: String,
    password: String,
}

#[derive(Serialize)]
pub(super) struct LoggedIn {
    /// The same as `access_token`, under the name that older clients look for.
    token: String,
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: u32,
    message: &'static str,
}

pub(super) async fn login(
    State(gateway): State<Gateway>,
    Json(body): Json<Body>,
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
