//! `POST /api/v1/register`

use msf_service::axum::http::StatusCode;
use msf_service::error::Error;
use msf_service::prelude::*;
use serde::{Deserialize, Serialize};
use shop_proto::user as pb;

use super::Gateway;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    name: String,
    email: String,
    password: String,
    #[serde(default)]
    role: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Registered {
    user_id: String,
    message: &'static str,
}

pub(super) async fn register(
    State(gateway): State<Gateway>,
    Json(body): Json<Body>,
) -> Result<(StatusCode, Json<Registered>), Error> {
    let request = pb::RegisterRequest {
        name: body.name,
        email: body.email,
        password: body.password,
        role: body.role,
    };
    let user = gateway.users.register(request).await?;
    let registered = Registered {
        user_id: user.id,
        message: "user registered",
    };
    Ok((StatusCode::CREATED, Json(registered)))
}
