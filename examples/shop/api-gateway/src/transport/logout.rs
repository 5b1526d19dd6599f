//! `POST /api/v1/logout`

use msf_service::error::Error;
use msf_service::prelude::*;
use serde::Serialize;

use super::Gateway;
use super::refresh::Body;

#[derive(Serialize)]
pub(super) struct LoggedOut {
    message: &'static str,
}

pub(super) async fn logout(
    State(gateway): State<Gateway>,
    Json(body): Json<Body>,
) -> Result<Json<LoggedOut>, Error> {
    gateway.auth.logout(body.refresh_token).await?;
    Ok(Json(LoggedOut {
        message: "logged out",
    }))
}
