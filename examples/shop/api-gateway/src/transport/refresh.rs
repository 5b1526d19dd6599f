//! `POST /api/v1/refresh-token`

use msf_service::error::Error;
use msf_service::prelude::*;
use serde::{Deserialize, Serialize};

use super::Gateway;
use super::no_store::NoStore;

/// The body of a refresh and of a logout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub(super) refresh_token: String,
}

#[derive(Serialize)]
pub(super) struct Refreshed {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: u32,
}

pub(super) async fn refresh(
    State(gateway): State<Gateway>,
    Json(body): Json<Body>,
) -> Result<NoStore<Refreshed>, Error> {
    let tokens = gateway.auth.refresh(body.refresh_token).await?;
    Ok(NoStore(Refreshed {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        token_type: "Bearer",
        expires_in: tokens.expires_in,
    }))
}
